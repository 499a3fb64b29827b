CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL,                 -- name of the job
    started TEXT NOT NULL,             -- time in ISO 8601, UTC
    finished TEXT,                     -- time in ISO 8601, UTC; NULL while the run goes on
    outcome TEXT,                      -- success, attention, failed, stopped or interrupted; NULL while the run goes on
    counts TEXT NOT NULL DEFAULT '{}', -- JSON object: name -> number
    message TEXT NOT NULL DEFAULT ''   -- why the run failed or stopped
);
CREATE INDEX IF NOT EXISTS runs_by_job ON runs (job, started);
CREATE TABLE log_lines (
    run INTEGER NOT NULL,              -- id of the run
    number INTEGER NOT NULL,           -- position in the log of the run, from 1
    at TEXT NOT NULL,                  -- time in ISO 8601, UTC
    level TEXT NOT NULL,               -- INFO, WARNING, ERROR or CRITICAL
    text TEXT NOT NULL,                -- the message, without secrets
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE TABLE requests (
    job TEXT PRIMARY KEY,              -- name of a job that a person wants to run now
    who TEXT NOT NULL,                 -- who asked for it
    at TEXT NOT NULL                   -- time in ISO 8601, UTC
) WITHOUT ROWID;
CREATE TABLE pages (
    run INTEGER NOT NULL,              -- id of the run
    number INTEGER NOT NULL,           -- position among the pages of the run, from 1
    id TEXT NOT NULL,                  -- id of the page; for other things, such as a space, what names them
    title TEXT NOT NULL,
    result TEXT NOT NULL,              -- such as written, skipped, failed, drifted, captured
    workspace TEXT NOT NULL,           -- name of the workspace; empty if the run is about all
    version INTEGER,                   -- the version that the run wrote or captured
    regions TEXT NOT NULL,             -- JSON array of names
    reasons TEXT NOT NULL,             -- JSON array of texts
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
ALTER TABLE runs ADD COLUMN waiting INTEGER; -- how many matters waited for a person; NULL if it is not known
PRAGMA user_version = 4;
