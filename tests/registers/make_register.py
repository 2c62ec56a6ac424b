#!/usr/bin/env python3
"""Make the register of an invented school, in every format that the roster sync must read.

    make_register.py OUT [--classes 8.1,8.2,...] [--pupils-per-class 24] [--teachers 24] [--seed 1] [--day 2]

--day 2 is the same school some days later: a change of class, a marriage, a pupil and a teacher who left,
a newcomer with a parent, a parent whose only child left, a group renamed and a new working group.

OUT gets one folder per format, all with the same people and groups:
    iserv/      CSV as IServ exports and imports it: ';', UTF-8 with BOM; parents one row per (parent, child)
    oneroster/  OneRoster 1.1 CSV bundle (bulk)
    ldap/       an LDIF in the style of UCS@school, with the schema and a slapd.conf that load it
    expected.json   who is in it: the answer that any reader must reach
No person in it exists. The same arguments always write the same bytes.
"""

# ruff: noqa: E501, SIM905 -- word lists read better as text, and rows of a file as one line
import argparse
import base64
import csv
import io
import json
import random
import re
import uuid
from pathlib import Path

FIRST = """Anna Ben Charlotte David Emilia Finn Greta Hannes Ida Jonas Klara Leon Mia Noah Olivia Paul Rosa Samuel Tilda Viktor
Ayşe Mehmet Elif Emre Fatma Yusuf Zeynep Ömer Layla Omar Noor Karim Amira Hassan Agnieszka Paweł Zofia Łukasz Kasia Jakub
Nguyễn Linh Minh Olena Oleksandr Daryna Taras Jean-Luc Marie-Sophie Karl-Heinz Anne-Kathrin Björn Jörg Käthe Sören Zoë René
Chloé Aurélie Siân Dvořák João Nuñez Ana-María Đorđe Željka""".split()
LAST = """Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder
Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Lehmann Köhler Maier Groß Weiß Jäger
Yılmaz Kaya Demir Şahin Çelik Öztürk Al-Hassan Abu-Bakr Haddad Kowalski Wiśniewski Wójcik Nowak Trần Phạm Lê Shevchenko
Kovalenko Bondarenko von-Arnim O’Brien D’Angelo Müller-Lüdenscheidt Groß-Gerau Strauß Ångström Łuczak Żak Nuñez""".split()
SUBJECTS = ["Englisch", "Mathematik", "Deutsch", "Sport"]


def people(args):
    rnd = random.Random(args.seed)
    ns = uuid.UUID(int=rnd.getrandbits(128))
    seq = {"student": 0, "teacher": 0, "guardian": 0}

    def person(role, last=None):
        seq[role] += 1
        given = rnd.choice(FIRST)
        if rnd.random() < 0.12:
            given += " " + rnd.choice(FIRST)
        ident = f"{role[0].upper()}{seq[role]:05d}"
        return {
            "id": ident,
            "uuid": str(uuid.uuid5(ns, ident)),
            "role": role,
            "given": given,
            "family": (last or rnd.choice(LAST)).replace("von-Arnim", "von Arnim"),
            "groups": [],
        }

    groups, persons, wards = {}, [], {}

    def group(gid, name, kind):
        groups[gid] = {"id": gid, "name": name, "kind": kind}
        return gid

    group("lehrer", "Lehrer", "staff")
    for subject in SUBJECTS:
        group("fk-" + subject.lower(), "Fachkonferenz " + subject, "subject")
    group("sk", "Schulkonferenz", "committee")
    teachers = [person("teacher") for _ in range(args.teachers)]
    for i, t in enumerate(teachers):
        t["groups"] += ["lehrer", "fk-" + SUBJECTS[i % len(SUBJECTS)].lower()]
        t["leadership"] = i < 2
    for i, name in enumerate(args.classes):
        c, e, year = (
            group("k" + name, "Klasse " + name, "class"),
            group("s" + name, "Sorgeberechtigte " + name, "guardians"),
            "j" + (re.match(r"\d+", name) or [name])[0],
        )
        if year not in groups:
            group(year, "Jahrgang " + year[1:], "year")
        head = teachers[i % len(teachers)]
        for t in {head["id"]: head, **{t["id"]: t for t in rnd.sample(teachers, min(5, len(teachers)))}}.values():
            t["groups"] += [c] + ([e] if t is head else [])
        for _ in range(args.pupils):
            family = rnd.choice(LAST)
            s = person("student", family)
            s["groups"] += [c, year]
            persons.append(s)
            for parent in range(rnd.choice([1, 2, 2, 2])):
                old = [g for g in persons if g["role"] == "guardian" and g["family"] == family]
                if old and parent == 0 and rnd.random() < 0.5:  # a sibling is already at the school
                    g = rnd.choice(old)
                else:
                    g = person("guardian", family if rnd.random() < 0.75 else None)
                    persons.append(g)
                if e not in g["groups"]:
                    g["groups"].append(e)
                if s["id"] not in wards.setdefault(g["id"], []):
                    wards[g["id"]].append(s["id"])
    guardians = [p for p in persons if p["role"] == "guardian"]
    for p in teachers[:3] + rnd.sample(guardians, 3) + rnd.sample([p for p in persons if p["role"] == "student"], 3):
        p["groups"].append("sk")
    return teachers + persons, groups, wards


def next_day(persons, groups, wards):
    """The same school later. Says what changed, so that a sync's plan can be held against it."""
    pupils = [p for p in persons if p["role"] == "student"]

    def klass(p):
        return next(g for g in p["groups"] if groups[g]["kind"] == "class")

    mover, bride, leaver = (
        pupils[1],
        next(p for p in persons if p["role"] == "teacher" and not p.get("leadership")),
        pupils[-1],
    )
    gone = [p for p in persons if p["role"] == "teacher"][-1]
    target = next(
        g
        for g in groups
        if groups[g]["kind"] == "class"
        and g != klass(mover)
        and re.match(r"k\d*", g)[0] == re.match(r"k\d*", klass(mover))[0]
    )
    changes = {
        "moved": [mover["id"], klass(mover), target],
        "renamed": [bride["id"], bride["family"], "Sonnenschein-Łuczak"],
    }
    mover["groups"] = [target if g == klass(mover) else g for g in mover["groups"]]
    bride["family"] = "Sonnenschein-Łuczak"
    orphaned = [g for g, kids in wards.items() if kids == [leaver["id"]]]
    for kids in wards.values():
        if leaver["id"] in kids:
            kids.remove(leaver["id"])
    for g in orphaned:
        del wards[g]
    left = {leaver["id"], gone["id"], *orphaned}
    persons[:] = [p for p in persons if p["id"] not in left]
    new = {
        "id": "S90001",
        "uuid": str(uuid.UUID(int=90001)),
        "role": "student",
        "given": "Ålva",
        "family": "Neuer",
        "groups": [target, "j" + (re.match(r"\d+", target[1:]) or [target[1:]])[0]],
    }
    mum = {
        "id": "G90001",
        "uuid": str(uuid.UUID(int=90002)),
        "role": "guardian",
        "given": "Björk",
        "family": "Neuer",
        "groups": [target.replace("k", "s")],
    }
    wards["G90001"] = ["S90001"]
    persons += [new, mum]
    groups["sk"]["name"] = "Schulkonferenz 2026/27"
    groups["ag-theater"] = {"id": "ag-theater", "name": "Theater-AG", "kind": "club"}
    for p in (bride, new, mover):
        p["groups"].append("ag-theater")
    # a parent belongs to the parents' groups of exactly the classes in which a child of theirs is
    byid = {p["id"]: p for p in persons}
    for g, kids in wards.items():
        byid[g]["groups"] = [x for x in byid[g]["groups"] if groups[x]["kind"] != "guardians"] + sorted(
            {klass(byid[k]).replace("k", "s", 1) for k in kids}
        )
    return changes | {
        "left": sorted(left),
        "joined": ["S90001", "G90001"],
        "group_renamed": "sk",
        "group_added": "ag-theater",
    }


def write_csv(path, header, rows, sep=","):
    out = io.StringIO()
    w = csv.writer(out, delimiter=sep, lineterminator="\r\n")
    w.writerow(header)
    w.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8-sig" if sep == ";" else "utf-8", newline="")


def iserv(folder, persons, groups, wards):
    folder.mkdir(parents=True, exist_ok=True)
    byid = {p["id"]: p for p in persons}

    def name(gids):
        return ";".join(groups[g]["name"] for g in gids)

    def klass(p):
        return next(
            (groups[g]["name"].removeprefix("Klasse ") for g in p["groups"] if groups[g]["kind"] == "class"), ""
        )

    head = [
        "Import-ID",
        "Vorname",
        "Nachname",
        "Klasse/Information",
        "Account",
        "Passwort",
        "Email",
        "Geburtsdatum",
        "Gruppen",
    ]
    for role, file in (("student", "schueler.csv"), ("teacher", "lehrer.csv")):
        write_csv(
            folder / file,
            head,
            [
                [
                    p["id"],
                    p["given"],
                    p["family"],
                    klass(p) if role == "student" else ("Schulleitung" if p.get("leadership") else ""),
                    "",
                    "",
                    f"{p['id'].lower()}@example.org",
                    "01.02.2011",
                    name(p["groups"]),
                ]
                for p in persons
                if p["role"] == role
            ],
            ";",
        )
    write_csv(
        folder / "eltern.csv",
        ["Vorname", "Nachname", "Kind-ID", "E-Mail", "Telefonnummer", "Straße", "PLZ", "Gruppen"],
        [
            [
                byid[g]["given"],
                byid[g]["family"],
                s,
                f"{g.lower()}@example.org",
                "+49 000 " + g[1:],
                "Musterweg 1",
                "14774",
                name(byid[g]["groups"]),
            ]
            for g, kids in wards.items()
            for s in kids
        ],
        ";",
    )


def oneroster(folder, persons, groups, wards):
    folder.mkdir(parents=True, exist_ok=True)
    stamp, org = "2026-08-24T06:00:00.000Z", "org-1"
    files = ["academicSessions", "classes", "courses", "enrollments", "orgs", "users"]
    write_csv(
        folder / "manifest.csv",
        ["propertyName", "value"],
        [["manifest.version", "1.0"], ["oneroster.version", "1.1"]]
        + [[f"file.{f}", "bulk"] for f in files]
        + [["source.systemName", "Musterregister"]],
    )
    write_csv(
        folder / "orgs.csv",
        "sourcedId status dateLastModified name type identifier parentSourcedId".split(),
        [[org, "active", stamp, "Oberschule Musterstadt", "school", "100001", ""]],
    )
    write_csv(
        folder / "academicSessions.csv",
        "sourcedId status dateLastModified title type startDate endDate parentSourcedId schoolYear".split(),
        [["sy-2026", "active", stamp, "Schuljahr 2026/27", "schoolYear", "2026-08-24", "2027-07-21", "", "2027"]],
    )
    write_csv(
        folder / "courses.csv",
        "sourcedId status dateLastModified schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes".split(),
        [["course-1", "active", stamp, "sy-2026", "Klassenverband", "", "", org, "", ""]],
    )
    write_csv(
        folder / "classes.csv",
        "sourcedId status dateLastModified title grades courseSourcedId classCode classType location schoolSourcedId termSourcedIds subjects subjectCodes periods".split(),
        [
            [
                g["id"],
                "active",
                stamp,
                g["name"],
                "",
                "course-1",
                g["id"],
                "homeroom" if g["kind"] == "class" else "scheduled",
                "",
                org,
                "sy-2026",
                g["kind"],
                "",
                "",
            ]
            for g in groups.values()
        ],
    )
    agents = {}
    for g, kids in wards.items():
        for s in kids:
            agents.setdefault(s, []).append(g)
    role = {"teacher": "teacher", "student": "student", "guardian": "guardian"}
    write_csv(
        folder / "users.csv",
        "sourcedId status dateLastModified enabledUser orgSourcedIds role username userIds givenName familyName middleName identifier email sms phone agentSourcedIds grades password".split(),
        [
            [
                p["id"],
                "active",
                stamp,
                "true",
                org,
                "administrator" if p.get("leadership") else role[p["role"]],
                p["id"].lower(),
                "",
                p["given"],
                p["family"],
                "",
                p["id"],
                f"{p['id'].lower()}@example.org",
                "",
                "",
                ",".join(agents.get(p["id"], wards.get(p["id"], []))),
                "",
                "",
            ]
            for p in persons
        ],
    )
    write_csv(
        folder / "enrollments.csv",
        "sourcedId status dateLastModified classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate".split(),
        [
            [f"e-{p['id']}-{g}", "active", stamp, g, org, p["id"], role[p["role"]], "false", "", ""]
            for p in persons
            for g in p["groups"]
        ],
    )


SCHEMA = r"""attributetype ( 1.3.6.1.4.1.10176.9999.1 NAME 'ucsschoolSchool' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.10176.9999.2 NAME 'ucsschoolRecordUID' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.10176.9999.3 NAME 'ucsschoolSourceUID' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.10176.9999.4 NAME 'ucsschoolRole' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.10176.9999.5 NAME 'ucsschoolLegalWard' EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.3.6.1.4.1.10176.9999.10 NAME 'ucsschoolType' SUP top AUXILIARY MAY ( ucsschoolSchool $ ucsschoolRecordUID $ ucsschoolSourceUID $ ucsschoolRole ) )
objectclass ( 1.3.6.1.4.1.10176.9999.11 NAME 'ucsschoolStudent' SUP ucsschoolType AUXILIARY )
objectclass ( 1.3.6.1.4.1.10176.9999.12 NAME 'ucsschoolTeacher' SUP ucsschoolType AUXILIARY )
objectclass ( 1.3.6.1.4.1.10176.9999.13 NAME 'ucsschoolLegalGuardian' SUP ucsschoolType AUXILIARY MAY ( ucsschoolLegalWard ) )
objectclass ( 1.3.6.1.4.1.10176.9999.14 NAME 'ucsschoolGroup' SUP top AUXILIARY MAY ( ucsschoolRole ) )
"""
SLAPD = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include school.schema
pidfile slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
sizelimit size.soft=500 size.hard=500 size.pr=1000 size.prtotal=unlimited
database mdb
maxsize 268435456
suffix "dc=schule,dc=test"
rootdn "cn=admin,dc=schule,dc=test"
rootpw admin
directory db
index objectClass eq
"""


def ldif_line(key, value):
    if value.isascii() and not value.startswith((" ", ":", "<")) and not value.endswith(" "):
        return f"{key}: {value}\n"
    return f"{key}:: {base64.b64encode(value.encode()).decode()}\n"


def ldap(folder, persons, groups, wards):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "school.schema").write_text(SCHEMA)
    (folder / "slapd.conf").write_text(SLAPD)
    base, ou, out = "dc=schule,dc=test", "muster", []
    where = {"student": "schueler", "teacher": "lehrer", "guardian": "sorgeberechtigte"}
    klass = {"student": "ucsschoolStudent", "teacher": "ucsschoolTeacher", "guardian": "ucsschoolLegalGuardian"}
    dn = {p["id"]: f"uid={p['id'].lower()},cn={where[p['role']]},cn=users,ou={ou},{base}" for p in persons}

    def entry(d, *pairs):
        out.append(ldif_line("dn", d) + "".join(ldif_line(k, v) for k, v in pairs) + "\n")

    entry(base, ("objectClass", "dcObject"), ("objectClass", "organization"), ("o", "Schulträger"), ("dc", "schule"))
    entry(f"ou={ou},{base}", ("objectClass", "organizationalUnit"), ("ou", ou))
    for c in ("users", "groups"):
        entry(f"cn={c},ou={ou},{base}", ("objectClass", "applicationProcess"), ("cn", c))
    for c in where.values():
        entry(f"cn={c},cn=users,ou={ou},{base}", ("objectClass", "applicationProcess"), ("cn", c))
    for p in persons:
        entry(
            dn[p["id"]],
            ("objectClass", "inetOrgPerson"),
            ("objectClass", klass[p["role"]]),
            ("uid", p["id"].lower()),
            ("cn", f"{p['given']} {p['family']}"),
            ("givenName", p["given"]),
            ("sn", p["family"]),
            ("mail", f"{p['id'].lower()}@example.org"),
            ("userPassword", "secret-" + p["id"].lower()),
            ("ucsschoolSchool", ou),
            ("ucsschoolRecordUID", p["uuid"]),
            ("ucsschoolSourceUID", "register"),
            ("ucsschoolRole", f"{ {'guardian': 'legal_guardian'}.get(p['role'], p['role']) }:school:{ou}"),
            *([("ucsschoolRole", f"school_admin:school:{ou}")] if p.get("leadership") else []),
            *[("ucsschoolLegalWard", dn[k]) for k in wards.get(p["id"], [])],
        )
    for g in groups.values():
        members = [dn[p["id"]] for p in persons if g["id"] in p["groups"]]
        entry(
            f"cn={ou}-{g['id']},cn=groups,ou={ou},{base}",
            ("objectClass", "groupOfUniqueNames"),
            ("objectClass", "ucsschoolGroup"),
            ("cn", f"{ou}-{g['id']}"),
            ("description", g["name"]),
            ("ucsschoolRole", ("school_class" if g["kind"] == "class" else "workgroup") + f":school:{ou}"),
            *[("uniqueMember", m) for m in members or [base]],
        )
    (folder / "school.ldif").write_text("".join(out))


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("out", type=Path)
    ap.add_argument("--classes", default="8.1,8.2,8.3,9.1,9.2,9.3,10.1,10.2,10.3", type=lambda s: s.split(","))
    ap.add_argument("--pupils-per-class", dest="pupils", default=24, type=int)
    ap.add_argument("--teachers", default=24, type=int)
    ap.add_argument("--seed", default=1, type=int)
    ap.add_argument("--day", default=1, type=int, choices=(1, 2))
    args = ap.parse_args()
    persons, groups, wards = people(args)
    changes = next_day(persons, groups, wards) if args.day == 2 else {}
    for name, writer in (("iserv", iserv), ("oneroster", oneroster), ("ldap", ldap)):
        writer(args.out / name, persons, groups, wards)
    (args.out / "expected.json").write_text(
        json.dumps(
            {"persons": persons, "groups": list(groups.values()), "wards": wards, "changes": changes},
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
    )
    roles = [p["role"] for p in persons]
    print(len(persons), "people:", {r: roles.count(r) for r in sorted(set(roles))}, len(groups), "groups")


if __name__ == "__main__":
    main()
