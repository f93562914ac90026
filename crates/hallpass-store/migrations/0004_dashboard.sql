-- Operators in front of the dashboard.

-- A passkey counts no longer than the key by which it was made.
CREATE TABLE operator_passkeys (
    id TEXT PRIMARY KEY NOT NULL,
    operator_id TEXT NOT NULL REFERENCES operators (id),
    operator_key_id TEXT NOT NULL REFERENCES operator_keys (id),
    credential_id TEXT NOT NULL UNIQUE,
    credential TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX operator_passkeys_by_operator ON operator_passkeys (operator_id, created_at, id);

-- What a browser is asked before a passkey answers; each is used once.
CREATE TABLE operator_challenges (
    digest BYTEA PRIMARY KEY NOT NULL,
    -- Who may answer; null while nobody is known.
    operator_id TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX operator_challenges_by_expiry ON operator_challenges (expires_at);

-- The key that opened a session, by itself or by a passkey, ends it with itself; so does the passkey.
CREATE TABLE operator_sessions (
    id TEXT PRIMARY KEY NOT NULL,
    operator_id TEXT NOT NULL REFERENCES operators (id),
    operator_key_id TEXT NOT NULL REFERENCES operator_keys (id),
    operator_passkey_id TEXT,
    digest BYTEA NOT NULL UNIQUE,
    browser TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    renewed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX operator_sessions_by_operator ON operator_sessions (operator_id, created_at, id);
CREATE INDEX operator_sessions_by_expiry ON operator_sessions (expires_at);
