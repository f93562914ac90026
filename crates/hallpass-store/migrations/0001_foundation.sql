-- Types that SQLite and PostgreSQL both take: TEXT, BIGINT, BOOLEAN, BYTEA. Times are microseconds, ids and JSON are text.

CREATE TABLE projects (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX projects_by_age ON projects (created_at, id);

CREATE TABLE environments (
    id TEXT PRIMARY KEY NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    trust_epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (project_id, name)
);
CREATE INDEX environments_by_age ON environments (project_id, created_at, id);
CREATE INDEX environments_by_epoch ON environments (trust_epoch);

-- One row. Its lock puts every change of trust into one order.
CREATE TABLE trust_clock (
    id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    value BIGINT NOT NULL
);
INSERT INTO trust_clock (id, value) VALUES (1, 0);

-- Rows stay for ever: a kid is never registered twice.
CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    fingerprint TEXT NOT NULL,
    bits BIGINT NOT NULL,
    public_key_pem TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT,
    use_count BIGINT NOT NULL
);
CREATE INDEX signing_keys_by_age ON signing_keys (environment_id, created_at, kid);

CREATE TABLE connected_users (
    environment_id TEXT NOT NULL REFERENCES environments (id),
    sub TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    metadata TEXT NOT NULL,
    version BIGINT NOT NULL,
    frozen_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (environment_id, sub)
);
CREATE INDEX connected_users_by_age ON connected_users (environment_id, created_at, id);

-- Apart from the users, because it must outlive them.
CREATE TABLE user_not_before (
    environment_id TEXT NOT NULL REFERENCES environments (id),
    sub TEXT NOT NULL,
    not_before_at BIGINT NOT NULL,
    PRIMARY KEY (environment_id, sub)
);

CREATE TABLE operators (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    projects TEXT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE INDEX operators_by_age ON operators (created_at, id);

CREATE TABLE operator_keys (
    id TEXT PRIMARY KEY NOT NULL,
    operator_id TEXT NOT NULL REFERENCES operators (id),
    digest BYTEA NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX operator_keys_by_age ON operator_keys (operator_id, created_at, id);

-- No references: the trail outlives what it tells of.
CREATE TABLE audit (
    id TEXT PRIMARY KEY NOT NULL,
    happened_at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT,
    project_id TEXT,
    environment_id TEXT,
    action TEXT NOT NULL,
    target TEXT,
    detail TEXT NOT NULL,
    request_id TEXT
);
CREATE INDEX audit_by_age ON audit (happened_at, id);
CREATE INDEX audit_by_environment ON audit (environment_id, happened_at, id);
CREATE INDEX audit_by_project ON audit (project_id, happened_at, id);
CREATE INDEX audit_by_kind ON audit (kind, happened_at);

CREATE TABLE idempotency_keys (
    operator_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_digest BYTEA NOT NULL,
    resource TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (operator_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
