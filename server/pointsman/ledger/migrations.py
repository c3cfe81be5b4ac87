"""The schema, as numbered steps. A step that was released is never changed; each database counts those it has had.

They are written as SQLite takes them; `postgres.py` puts them into PostgreSQL's words.
"""

from __future__ import annotations

# Money is nano-USD, instants Unix seconds, durations seconds; booleans 0 or 1; "" where there was nothing to say.
_FIRST = (
    """
    CREATE TABLE decisions (
        decision_id TEXT PRIMARY KEY,
        received REAL NOT NULL,
        method TEXT NOT NULL,
        tenant TEXT NOT NULL,
        project TEXT NOT NULL,
        feature TEXT NOT NULL,
        "user" TEXT NOT NULL,
        config_version TEXT NOT NULL,
        task TEXT NOT NULL,
        task_source TEXT NOT NULL,
        confidence REAL,
        mode TEXT NOT NULL,
        tier TEXT NOT NULL,
        model TEXT NOT NULL,
        provider TEXT NOT NULL,
        decided_by TEXT NOT NULL,
        decided_by_kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        status TEXT NOT NULL,
        message TEXT NOT NULL,
        finish TEXT NOT NULL,
        served_model TEXT NOT NULL,
        cost_nano_usd INTEGER NOT NULL,
        answer_nano_usd INTEGER NOT NULL,
        overhead_nano_usd INTEGER NOT NULL,
        estimated INTEGER NOT NULL,
        ttft REAL,
        duration REAL NOT NULL,
        attempts INTEGER NOT NULL,
        fallback INTEGER NOT NULL,
        prompt_hash TEXT NOT NULL,
        text_kept INTEGER NOT NULL,
        labels TEXT NOT NULL,
        policy_micros TEXT NOT NULL,
        request TEXT NOT NULL,
        snapshot TEXT NOT NULL,
        decision TEXT,
        shadow TEXT
    )
    """,
    """
    CREATE TABLE attempts (
        decision_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        outcome TEXT NOT NULL,
        model TEXT NOT NULL,
        provider TEXT NOT NULL,
        upstream TEXT NOT NULL,
        served_model TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cached_input_tokens INTEGER NOT NULL,
        cache_write_input_tokens INTEGER NOT NULL,
        reasoning_tokens INTEGER NOT NULL,
        usage_estimated INTEGER NOT NULL,
        cost_nano_usd INTEGER NOT NULL,
        cost_source TEXT NOT NULL,
        started REAL NOT NULL,
        duration REAL NOT NULL,
        ttft REAL,
        upstream_status INTEGER NOT NULL,
        upstream_request_id TEXT NOT NULL,
        error_reason TEXT NOT NULL,
        error_message TEXT NOT NULL,
        PRIMARY KEY (decision_id, number)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE configs (
        version TEXT PRIMARY KEY,
        document TEXT NOT NULL,
        first_seen REAL NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS REAL))
    )
    """,
    "CREATE INDEX decisions_by_received ON decisions (received)",
    "CREATE INDEX decisions_by_task ON decisions (task, received)",
)

_SECOND = (
    "ALTER TABLE decisions ADD COLUMN session TEXT NOT NULL DEFAULT ''",
    # Added columns stand behind the documents: only an index spares whoever asks for a session reading those.
    "CREATE INDEX decisions_by_session ON decisions (session, received) WHERE session <> ''",
)

_THIRD = (
    "ALTER TABLE attempts ADD COLUMN retry_after REAL",
    "ALTER TABLE attempts ADD COLUMN provider_wide INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE decisions ADD COLUMN opinions TEXT",
    "ALTER TABLE decisions ADD COLUMN packages TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE attempts ADD COLUMN dropped TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE attempts ADD COLUMN gate TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE decisions ADD COLUMN escalated INTEGER NOT NULL DEFAULT 0",
)

_FOURTH = (
    "ALTER TABLE decisions ADD COLUMN key TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX decisions_by_key ON decisions (key, received) WHERE key <> ''",
)

_FIFTH = ("ALTER TABLE attempts ADD COLUMN cache_write_1h_input_tokens INTEGER NOT NULL DEFAULT 0",)

_SIXTH = (
    """
    CREATE TABLE activations (
        activated REAL NOT NULL,
        version TEXT NOT NULL,
        activated_by TEXT NOT NULL,
        PRIMARY KEY (activated, version)
    )
    """,
    """
    CREATE TABLE feedback (
        decision_id TEXT NOT NULL,
        feedback_id TEXT NOT NULL,
        received REAL NOT NULL,
        source TEXT NOT NULL,
        score REAL,
        correct_task TEXT NOT NULL,
        preferred_model TEXT NOT NULL,
        preferred_tier TEXT NOT NULL,
        comment TEXT NOT NULL,
        labels TEXT NOT NULL,
        PRIMARY KEY (decision_id, feedback_id)
    )
    """,
)

_SEVENTH = (
    # Of those whose prompt is to be blanked one day; the others are not in it.
    "CREATE INDEX decisions_with_text ON decisions (received) WHERE text_kept = 1",
)

_EIGHTH = (
    "ALTER TABLE attempts ADD COLUMN chunks INTEGER NOT NULL DEFAULT 0",
    # What one asks of a request first, without the documents; reports read the tables themselves.
    """
    CREATE VIEW requests AS
    SELECT
        d.decision_id, d.received, d.method, d.status, d.message, d.finish,
        d.tenant, d.project, d.feature, d."user", d.session, d.prompt_hash, d.config_version,
        d.task, d.task_source, d.confidence, d.mode, d.tier, d.decided_by, d.decided_by_kind, d.reason,
        d.model AS decided_model, d.provider AS decided_provider, d.served_model AS model,
        COALESCE(s.provider, '') AS provider, COALESCE(s.served_model, '') AS reported_model,
        COALESCE(s.cost_source, 'none') AS cost_source,
        d.cost_nano_usd, d.answer_nano_usd, d.overhead_nano_usd, d.estimated,
        (SELECT COALESCE(SUM(input_tokens), 0) FROM attempts AS a WHERE a.decision_id = d.decision_id) AS input_tokens,
        (SELECT COALESCE(SUM(output_tokens), 0) FROM attempts AS a WHERE a.decision_id = d.decision_id)
            AS output_tokens,
        (SELECT COALESCE(SUM(cached_input_tokens), 0) FROM attempts AS a WHERE a.decision_id = d.decision_id)
            AS cached_input_tokens,
        (SELECT COALESCE(SUM(cache_write_input_tokens), 0) FROM attempts AS a WHERE a.decision_id = d.decision_id)
            AS cache_write_input_tokens,
        (SELECT COALESCE(SUM(reasoning_tokens), 0) FROM attempts AS a WHERE a.decision_id = d.decision_id)
            AS reasoning_tokens,
        d.ttft, d.duration, d.attempts, d.fallback, d.escalated
    FROM decisions AS d
    LEFT JOIN attempts AS s ON s.decision_id = d.decision_id AND s.outcome = 'served' AND s.kind <> 'assist'
    """,
)

MIGRATIONS = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH, _SEVENTH, _EIGHTH)
