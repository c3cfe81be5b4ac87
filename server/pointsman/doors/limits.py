"""How large a request may be and how large our messages are, in one place; callers read these in the docs."""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

# Bytes of one serialized message.
REQUEST_BYTES = 4 * MIB
REQUEST_WITH_IMAGES_BYTES = 32 * MIB
# Of those, all but the data of images: texts, schemas, names, URLs.
TEXT_BYTES = 4 * MIB
# A configuration document to simulate.
CONFIG_BYTES = MIB
# gRPC's own limit. Above it the transport answers RESOURCE_EXHAUSTED before any of our code sees the call.
TRANSPORT_REQUEST_BYTES = 32 * MIB
UNARY_RESPONSE_BYTES = 4 * MIB
METADATA_BYTES = 8 * KIB
STATUS_BYTES = 4 * KIB

# Requests in one batch.
BATCH = 256

# Counts in one request. Parts are bounded over all messages: two bytes make one, so that a small request could
# otherwise keep the event loop busy for seconds.
MESSAGES = 2_048
PARTS = 8_192
TOOLS = 256
STOP_SEQUENCES = 8
TAGS = 16
LABELS = 16
PROVIDERS = 64
HEALTH_OVERRIDES = 256
BUDGETS = 64
REGIONS = 64
# Attempts that one caller reports of one decision.
OUTCOMES = 20

# Bytes of UTF-8 of one value.
SCHEMA_BYTES = 256 * KIB
DELTA_BYTES = 64 * KIB
STATE_BYTES = MIB
LABEL_VALUE_BYTES = 256
SESSION_BYTES = 256
REQUEST_ID_BYTES = 128
COMMENT_BYTES = 2 * KIB
# Names that callers send: tasks, tags, models, providers, regions, participants, media types, end users.
NAME_BYTES = 256

# Ranges of generation parameters, both ends included.
TEMPERATURE = (0.0, 2.0)
TOP_P = (0.0, 1.0)
PENALTY = (-2.0, 2.0)

# Seconds.
HEARTBEAT_DEFAULT = 15.0
HEARTBEAT_MIN = 1.0
HEARTBEAT_MAX = 600.0
CACHE_TTL_MAX = 30 * 86_400
# What a caller may say that a provider asked for.
RETRY_DELAY_MAX = 3_600.0
# Nano-USD of one attempt that a caller reports, a million dollars: the ledger can add up nine thousand of them.
COST_MAX = 1_000_000 * 1_000_000_000

# Models on one page of ListModels.
PAGE_DEFAULT = 100
PAGE_MAX = 1_000

# A whole answer that is kept for repeats of its request_id.
KEPT_ANSWER_BYTES = MIB

# What an error carries at most.
VIOLATIONS = 10
FAILED_ATTEMPTS = 8
