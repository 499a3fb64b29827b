"""The database schema: pages, comments and attachments are all `content`, as in Confluence."""

SCHEMA = """
CREATE TABLE users (
    account_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, user_key TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL, email TEXT NOT NULL, is_admin INTEGER NOT NULL, is_active INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
CREATE TABLE groups (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (group_id, account_id)
) WITHOUT ROWID;

CREATE TABLE spaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL,
    type TEXT NOT NULL, status TEXT NOT NULL, description TEXT NOT NULL, homepage_id INTEGER,
    creator TEXT NOT NULL, created_at INTEGER NOT NULL
);

CREATE TABLE content (
    id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, status TEXT NOT NULL,
    title TEXT NOT NULL, title_key TEXT NOT NULL, space_id INTEGER NOT NULL,
    parent_id INTEGER, container_id INTEGER, position INTEGER NOT NULL, version INTEGER NOT NULL,
    creator TEXT NOT NULL, created_at INTEGER NOT NULL, updater TEXT NOT NULL, updated_at INTEGER NOT NULL,
    message TEXT NOT NULL, is_minor INTEGER NOT NULL, subtype TEXT NOT NULL DEFAULT ''
);
CREATE INDEX content_by_space ON content (space_id, type, id);
CREATE INDEX content_by_status ON content (space_id, type, status, id);
CREATE INDEX content_by_type ON content (type, status, id);
CREATE INDEX content_by_title ON content (title_key, space_id);
CREATE INDEX content_by_parent ON content (parent_id, type, status, position, id);
CREATE INDEX content_by_container ON content (container_id, type, status, id);
CREATE INDEX content_by_change ON content (type, updated_at, id);
CREATE INDEX content_by_any_change ON content (updated_at, id);
CREATE INDEX content_by_creation ON content (created_at, id);
CREATE INDEX content_by_creator ON content (creator, id);

-- Every page above every page, itself included at depth 0: subtree and ancestors are one index range each.
CREATE TABLE closure (
    ancestor_id INTEGER NOT NULL, descendant_id INTEGER NOT NULL, depth INTEGER NOT NULL,
    PRIMARY KEY (ancestor_id, descendant_id)
) WITHOUT ROWID;
CREATE INDEX closure_by_descendant ON closure (descendant_id, depth, ancestor_id);

CREATE TABLE versions (
    content_id INTEGER NOT NULL, number INTEGER NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
    message TEXT NOT NULL, author TEXT NOT NULL, created_at INTEGER NOT NULL, is_minor INTEGER NOT NULL,
    PRIMARY KEY (content_id, number)
);
CREATE INDEX versions_by_author ON versions (author, content_id);

CREATE TABLE drafts (
    content_id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, author TEXT NOT NULL,
    updated_at INTEGER NOT NULL, base_version INTEGER NOT NULL
);

CREATE TABLE files (
    content_id INTEGER NOT NULL, number INTEGER NOT NULL, media_type TEXT NOT NULL, comment TEXT NOT NULL,
    file_id TEXT NOT NULL, size INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (content_id, number)
);

CREATE TABLE comments (
    content_id INTEGER PRIMARY KEY, location TEXT NOT NULL, marker_ref TEXT, selection TEXT,
    resolution TEXT NOT NULL DEFAULT 'open', resolved_by TEXT, resolved_at INTEGER
);

CREATE TABLE labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT, prefix TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (name, prefix)
);
CREATE TABLE content_labels (
    label_id INTEGER NOT NULL, content_id INTEGER NOT NULL, PRIMARY KEY (label_id, content_id)
) WITHOUT ROWID;
CREATE INDEX labels_by_content ON content_labels (content_id, label_id);
CREATE TABLE space_labels (
    label_id INTEGER NOT NULL, space_id INTEGER NOT NULL, PRIMARY KEY (space_id, label_id)
) WITHOUT ROWID;

CREATE TABLE properties (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, owner_id INTEGER NOT NULL, key TEXT NOT NULL,
    value TEXT NOT NULL, version INTEGER NOT NULL, author TEXT NOT NULL, created_at INTEGER NOT NULL,
    message TEXT NOT NULL, is_minor INTEGER NOT NULL, UNIQUE (owner, owner_id, key)
);

CREATE TABLE restrictions (
    content_id INTEGER NOT NULL, operation TEXT NOT NULL, subject_type TEXT NOT NULL, subject TEXT NOT NULL,
    PRIMARY KEY (operation, content_id, subject_type, subject)
) WITHOUT ROWID;

CREATE TABLE space_permissions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, space_id INTEGER NOT NULL, subject_type TEXT NOT NULL, subject TEXT NOT NULL,
    operation TEXT NOT NULL, target TEXT NOT NULL, UNIQUE (space_id, subject_type, subject, operation, target)
);

CREATE TABLE states (
    content_id INTEGER PRIMARY KEY, state_id INTEGER NOT NULL, name TEXT NOT NULL, color TEXT NOT NULL,
    set_by TEXT NOT NULL, set_at INTEGER NOT NULL
);
CREATE TABLE watches (
    account_id TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY (kind, target, account_id)
) WITHOUT ROWID;
CREATE TABLE mails (
    content_id INTEGER NOT NULL, number INTEGER NOT NULL, account_id TEXT NOT NULL,
    PRIMARY KEY (content_id, number, account_id)
) WITHOUT ROWID;
CREATE TABLE templates (
    id INTEGER PRIMARY KEY AUTOINCREMENT, space_id INTEGER, name TEXT NOT NULL, description TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE inline_tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, content_id INTEGER NOT NULL, local_id TEXT NOT NULL, status TEXT NOT NULL,
    body TEXT NOT NULL, creator TEXT NOT NULL, assignee TEXT, completed_by TEXT, due_at INTEGER,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, completed_at INTEGER, UNIQUE (content_id, local_id)
);
CREATE TABLE long_tasks (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL,
    successful INTEGER NOT NULL, messages TEXT NOT NULL
) WITHOUT ROWID;
"""

NEW_COLUMNS = (("content", "subtype", "TEXT NOT NULL DEFAULT ''"),)
"""Table, name and definition of the columns that earlier versions did not have."""

FIRST_CONTENT_ID = 131073
FIRST_SPACE_ID = 98305
