"""Uploads and downloads: files of gigabytes between a browser and an account.

The web tier cannot reach an engine, and nothing of this size belongs in Redis, a row, or memory. So
a file waits in the data directory, between the two processes that may touch it, and only its id is
passed on:

    browser ──POST──▶ web ──▶ BERTH_DATA/uploads/<id> ──▶ worker ──PUT──▶ engine's spool
    browser ◀──GET─── web ◀── BERTH_DATA/downloads/<id> ◀── worker ◀──GET── engine's spool

**To accept an upload**, a kind has upload ids (UUID) in its parameters, returns them from
`uploads()`, and its function in the engine reads `work.files.upload(work.id, upload)`. A page
includes templates/_upload.html (static/js/upload.js sends the file at once, with a progress bar,
and puts its id into the form). Nothing else is necessary: `submit` claims the uploads (each belongs
to its sender, one account, and one operation at a time) and writes their names, sizes, and digests
to the audit log. The worker passes them on, and both sides clean up.

**To produce a download**, the function in the engine writes to `work.files.output(work.id)` and
returns a result that extends `engine.schema.files.Produced`, filled in from
`await work.files.produced(work.id, name)`. The worker fetches it before the operation counts as
succeeded. The operation's page offers it, and so does GET /api/v1/operations/{id}/download, with
ranges.

An upload is kept until its operation succeeds, so that a failed one can be tried again, and at most
for KEPT. A download is kept for KEPT. The host's sweeper removes what has expired. A name that a
user gave is only displayed, never used as a path.
"""
