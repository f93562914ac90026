-- The settings hold the kind as well; the column is for people and later filters.
CREATE TABLE identity_providers (
    id TEXT PRIMARY KEY NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    kind TEXT NOT NULL,
    settings TEXT NOT NULL,
    disabled_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX identity_providers_by_age ON identity_providers (environment_id, created_at, id);
