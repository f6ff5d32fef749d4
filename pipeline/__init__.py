"""The running system. What the room offers, by module (nothing is imported here: the main
process and the worker processes start quickly because each loads only what it needs):

settings   Settings, load_settings      services   Services, build_services
runner     run, Running                 replay     replay, ReplayOptions
demo       demo                         world      World (one camera, a clock that is told)
intake     Intake                       sweep      Sweep
sender     Sender                       fleet      Fleet
evidence   EvidenceStore                metrics    Metrics
"""
