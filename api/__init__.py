"""The ways in: HTTP, staff console, owner page, command line, sign-in.

app       create_app: everything under /api/v1 and the owner's page
routes    one file a subject
auth      who is calling; the session's cookie; one-time links
guard     size, same origin and safe headers for every request
desk      each act of an officer on an event, one transaction
owner     the owner's page
console   the staff's pages
serve     one server for all of it
cli       the command qifen
"""
