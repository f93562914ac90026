-- Signing people in, their sessions, the keys that attest both, and what is told to others.

ALTER TABLE environments ADD COLUMN sign_in TEXT NOT NULL DEFAULT '{}';

-- Host names by which an environment's key set is asked for. Written with the environment's settings.
CREATE TABLE environment_hosts (
    host TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id)
);

-- One row with a sealed constant: tells a lost or wrong master key before anything else needs it. A change of the key
-- announces the next one here before it seals anything with it.
CREATE TABLE seal_check (
    id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    sealed BYTEA NOT NULL,
    next_key BYTEA
);

-- Keys that we hold. Their times decide their state; the private half is erased after retirement.
CREATE TABLE issuer_keys (
    kid TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    key_index BIGINT NOT NULL,
    bits BIGINT NOT NULL,
    public_key_pem TEXT NOT NULL,
    private_key BYTEA,
    created_at BIGINT NOT NULL,
    signs_from_at BIGINT NOT NULL,
    signs_until_at BIGINT,
    published_until_at BIGINT,
    token_secs BIGINT NOT NULL,
    set_kept_until_at BIGINT NOT NULL,
    revoked_at BIGINT,
    last_used_at BIGINT,
    use_count BIGINT NOT NULL
);
CREATE INDEX issuer_keys_by_start ON issuer_keys (environment_id, signs_from_at, kid);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    profile TEXT NOT NULL,
    role TEXT,
    permissions TEXT,
    version BIGINT NOT NULL,
    frozen_at BIGINT,
    signed_in_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX accounts_by_age ON accounts (environment_id, created_at, id);

-- Ways to be an account. The identifier has one spelling per kind; what the person or client wrote stands in shown.
CREATE TABLE identities (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    identifier TEXT NOT NULL,
    shown TEXT NOT NULL,
    detail TEXT NOT NULL,
    is_primary BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (environment_id, kind, identifier)
);
CREATE INDEX identities_by_account ON identities (environment_id, account_id, created_at, id);

-- The id is a public handle; the secret is kept as a digest only.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    secret_digest BYTEA NOT NULL UNIQUE,
    rotation_due BOOLEAN NOT NULL,
    account_id TEXT REFERENCES accounts (id),
    former_account_id TEXT,
    login TEXT,
    wallets TEXT NOT NULL,
    origin TEXT,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT,
    renewed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX sessions_by_account ON sessions (environment_id, account_id, created_at, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Whatever may be used once: codes, wallet messages, OAuth states, passkey ceremonies, hosted pages.
CREATE TABLE challenges (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    session_id TEXT,
    purpose TEXT NOT NULL,
    identity_kind TEXT NOT NULL,
    identifier TEXT NOT NULL,
    shown TEXT NOT NULL,
    digest BYTEA,
    state TEXT NOT NULL,
    client_network TEXT,
    wrong_answers BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT
);
CREATE INDEX challenges_by_identifier ON challenges (environment_id, identity_kind, identifier, created_at);
CREATE INDEX challenges_by_session ON challenges (environment_id, session_id, purpose, created_at);
CREATE INDEX challenges_by_network ON challenges (client_network, created_at);
CREATE INDEX challenges_by_expiry ON challenges (expires_at);

-- Rows to wait for, when a rule counts rows that are not there yet. Each is one turn that many things share.
CREATE TABLE turns (
    slot BIGINT PRIMARY KEY NOT NULL
);
INSERT INTO turns (slot) VALUES
    (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15),
    (16), (17), (18), (19), (20), (21), (22), (23), (24), (25), (26), (27), (28), (29), (30), (31),
    (32), (33), (34), (35), (36), (37), (38), (39), (40), (41), (42), (43), (44), (45), (46), (47),
    (48), (49), (50), (51), (52), (53), (54), (55), (56), (57), (58), (59), (60), (61), (62), (63);

CREATE TABLE passkeys (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    credential_id TEXT NOT NULL,
    credential TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (environment_id, credential_id)
);
CREATE INDEX passkeys_by_account ON passkeys (environment_id, account_id, created_at, id);

-- Public keys of wallets whose owner has proven that they hold the private half. That half is never here.
CREATE TABLE wallets (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    chain TEXT NOT NULL,
    address TEXT NOT NULL,
    account_key TEXT NOT NULL,
    public_key TEXT NOT NULL,
    name TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (environment_id, chain, account_key)
);
CREATE INDEX wallets_by_account ON wallets (environment_id, account_id, created_at, id);

-- Services that vouch for people: OAuth and OIDC clients, a Telegram bot. The secret is sealed.
CREATE TABLE sign_in_providers (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    handle TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret BYTEA,
    disabled_at BIGINT,
    -- A removed one keeps its handle, under which identities are kept, from being given to another issuer.
    removed_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (environment_id, handle)
);

-- Publishable keys are no secrets and stand here as they are; of secret ones only the digest does.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    kind TEXT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    publishable TEXT,
    hint TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX api_keys_by_age ON api_keys (environment_id, created_at, id);

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret BYTEA NOT NULL,
    former_secret BYTEA,
    former_until_at BIGINT,
    failing_since_at BIGINT,
    disabled_at BIGINT,
    disabled_reason TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_by_age ON webhooks (environment_id, created_at, id);

-- The queue of everything that is told to others. A row commits with what it reports.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    claimed_until_at BIGINT,
    last_status BIGINT,
    last_error TEXT,
    last_took_ms BIGINT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX deliveries_by_age ON deliveries (environment_id, created_at, id);
CREATE INDEX deliveries_by_target ON deliveries (environment_id, target_id, created_at, id);
CREATE INDEX deliveries_due ON deliveries (state, target_id, next_attempt_at, id);
CREATE INDEX deliveries_by_end ON deliveries (finished_at);
