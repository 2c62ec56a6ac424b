"""Tasks: teachers set them, pupils and guardians hand in, teachers check. Where is what:

* `keys`, `sealed_file`, `store`: files, encrypted where they lie.
* `file_kinds`, `file_names`, `scanning`: what is taken.
* `uploads`: a file on its way, which may be broken off at any place and goes on from there.

Who may do what is decided in `school.domain.tasks` and `school.domain.hand_ins`.
"""
