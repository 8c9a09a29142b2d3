"""Uploads and downloads: files of gigabytes on their way between a browser and an account.

The web tier cannot reach an engine, and nothing of this size belongs into Redis, a row or memory.
So a file rests in the data directory, between the two that may touch it, and ids do the talking:

    browser ──POST──▶ web ──▶ BERTH_DATA/uploads/<id> ──▶ worker ──PUT──▶ engine's spool
    browser ◀──GET─── web ◀── BERTH_DATA/downloads/<id> ◀── worker ◀──GET── engine's spool

**To take an upload**, a kind has upload ids (UUID) in its parameters, returns them from
`uploads()`, and its function in the engine reads `work.files.upload(work.id, upload)`. A page
includes templates/_upload.html (static/js/upload.js sends the file at once, with a bar, and puts
its id into the form). Nothing else: `submit` claims the uploads (each belongs to who sent it, to
one account, and to one operation at a time) and writes their names, sizes and digests to the audit
log; the worker hands them over; both sides clean up.

**To make a download**, the function in the engine writes to `work.files.output(work.id)` and
returns a result that extends `engine.schema.files.Produced`, filled in from
`await work.files.produced(work.id, name)`. The worker fetches it before the operation counts as
succeeded; the operation's page offers it, and so does GET /api/v1/operations/{id}/download, with
ranges.

An upload is kept until its operation succeeded, so that one that failed can be tried again, and at
most KEPT after it came; a download for KEPT. The sweeper of the host removes what has expired.
A name that a person gave is shown, never used as a path.
"""
