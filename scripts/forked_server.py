"""What the fork server imports first: it gets ready to import all else (see `forked`)."""

import forked_job

forked_job.shelter()
forked_job.prepare()
