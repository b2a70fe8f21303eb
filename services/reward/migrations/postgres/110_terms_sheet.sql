-- What customers read of a plan version, as it was generated when the version came into force.
CREATE TABLE terms_sheet (
    plan_id TEXT NOT NULL,
    plan_version BIGINT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('en', 'zh-Hans')),
    -- The format of the generator.
    format BIGINT NOT NULL CHECK (format >= 1),
    text TEXT NOT NULL CHECK (text <> ''),
    -- SHA-256 of the text in UTF-8, in hexadecimal.
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (plan_id, plan_version, language),
    FOREIGN KEY (plan_id, plan_version) REFERENCES plan (id, version)
);
CREATE TRIGGER terms_sheet_is_kept BEFORE UPDATE OR DELETE ON terms_sheet FOR EACH ROW EXECUTE FUNCTION append_only();
