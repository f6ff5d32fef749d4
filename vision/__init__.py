"""Pixels in, observations out. Knows no database, no HTTP, no law.

    types      the words of the room: Frame, Detection, Sighting, WatchLook, ZoneShape, ...
    errors     what can be wrong with what comes in through the lens
    frames     FileSource, LiveSource, probe: a video or a camera as frames with their time
    gate       did anything change since the last look?
    detect     load_detector: OpenVINO, ONNX Runtime or ultralytics behind one Detector
    evaluate   how well a detector does on labelled pictures
    weights    which weights there are, their licence, which one is chosen
    geometry   zones and boxes in 0..1 of the picture
    zones_json zones.json, read and written
    scene      what stands where since when
    rules      from what stands to what is flagged
    plates     reading number plates, voting over many readings
    watch      is what was flagged still there?
    looker     CameraLooker: all of it for one camera, one look at a time
    health     can the camera be believed right now?
    blur       copies in which nobody but the subject can be made out
    faces      where faces are, so that they can be hidden
    picture    what Qifen sees in a single picture

Import from these modules; the room itself imports none of them, so that reading a zone file does
not load a neural network.
"""
