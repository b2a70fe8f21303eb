-- What customers read of a plan version, as it was generated when the version came into force.
CREATE TABLE terms_sheet (
    plan_id TEXT NOT NULL,
    plan_version INTEGER NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('en', 'zh-Hans')),
    -- The format of the generator.
    format INTEGER NOT NULL CHECK (format >= 1),
    text TEXT NOT NULL CHECK (text <> ''),
    -- SHA-256 of the text in UTF-8, in hexadecimal.
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    created_at TEXT NOT NULL,
    PRIMARY KEY (plan_id, plan_version, language),
    FOREIGN KEY (plan_id, plan_version) REFERENCES plan (id, version)
) STRICT;
CREATE TRIGGER terms_sheet_is_kept_changed BEFORE UPDATE ON terms_sheet
BEGIN SELECT RAISE(ABORT, 'terms_sheet is append-only'); END;
CREATE TRIGGER terms_sheet_is_kept_deleted BEFORE DELETE ON terms_sheet
BEGIN SELECT RAISE(ABORT, 'terms_sheet is append-only'); END;
