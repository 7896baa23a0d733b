"""Most well-formed requests are about something that exists, so that they reach further than a 404.

WEFT_KNOWN is JSON: `paths` has the values for what follows a part of a path, `body` those for keys of a body.
"""

import json
import os
import random
from urllib.parse import quote

import schemathesis

KNOWN = json.loads(os.environ["WEFT_KNOWN"])
SHARE = 0.75
# The module's own generator is wound back before each request.
DICE = random.Random(1)


def known(values, otherwise):
    return DICE.choice(values) if values and DICE.random() < SHARE else otherwise


def fill(value):
    if isinstance(value, list):
        return [fill(item) for item in value]
    if isinstance(value, dict):
        return {key: known(KNOWN["body"].get(key), fill(item)) for key, item in value.items()}
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    # What is malformed on purpose stays so.
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    parts = case.operation.path.split("/")
    for before, part in zip(parts, parts[1:]):
        name = part.strip("{}")
        if part != name and name in case.path_parameters:
            values = [quote(str(value), safe="") for value in KNOWN["paths"].get(before, [])]
            case.path_parameters[name] = known(values, case.path_parameters[name])
    if isinstance(case.body, dict):
        case.body = fill(case.body)
