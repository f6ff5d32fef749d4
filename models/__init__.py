"""The domain: tables, flows, people, evidence. Knows no pixels, no HTTP, no network.

    store         Store: the database; where transactions begin and end
    base, tables  the declarative base; every table in one import
    clock         time is passed in
    errors        every refusal has a name
    camera, zone, event, evidence, notice, people, audit    the tables
    policy        what a city decides: timers, thresholds, texts
    flow, flows   the one engine, and the table of the parking flow
    casework      what the pipeline and the API ask of an event
    judge, looks  what a watch has seen, judged
    review        officers: queue, evidence pack, decision
    statements    what owners say, and the answer
    registry      cameras and zones in every version, health with fencing
    signin        people, sessions, machines' keys
    owner_access  number and code open one case
    chain         the evidence chain
    audit_log     who did what, who looked at what
    migrations    the schema's history

Import from these modules: nothing is loaded that is not asked for.
"""
