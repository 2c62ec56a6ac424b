"""Tasks: teachers set them, pupils and guardians hand in, teachers check. Where is what:

* `keys`, `sealed_file`, `store`: files, encrypted where they lie.
* `file_kinds`, `file_names`, `scanning`: what is taken.
* `uploads`: a file on its way, which may be broken off at any place and goes on from there.
* `book`, `answers`: what the desks stand on and what they answer.
* `setting_desk`, `working_desk`, `checking_desk`: where a task is set, worked on, checked.
* `giving_files`, `archive`: one file, or all of them.
* `keeping`: what is deleted by itself.

Who may do what is decided in `school.domain.tasks` and `school.domain.hand_ins`.
"""
