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
PRAGMA user_version = 1;
