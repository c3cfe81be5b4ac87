"""The HTTP doors: what balancers, orchestrators and Prometheus ask (`door`), and the APIs that everybody's tools speak.

An API is an `api.Api`: a path, and five things that it knows how to do. `answering` tells the one story of a call, so
that none of it is an API's business: who calls, what is let in, deadlines, budgets and ledger (the engine's), repeats
of an Idempotency-Key, cancelling when the caller goes away, slow callers, headers and statuses.

    Api.authorization(headers) -> "Bearer KEY"            who calls
    Api.read(body, headers, hinted) -> Question           what is asked; InvalidRequest with everything that is wrong
        hinted                  what X-Pointsman-… headers said; `hints.with_metadata`, `hints.with_model` complete it
        Question.request        for the engine: tenant, key, hints of the completed `hinted`, facts from `measure`
        Question.hinted         the completed one: timeout, reasoning, details
        Question.streamed       whether `script` or `whole` writes the answer
        Question.whole(completion) -> bytes               JSON; completion.served.answer is there
        Question.script(routed) -> Script                 a stream's writer, one a request: begin (deltas)* end | fail
    Api.error(Told) -> bytes                              JSON of a failure; its status is `Told.status`
    Api.models(listed), Api.model(listed) -> bytes        GET /v1/models, in its words
    Api.speaks(headers) -> bool                           whose words, at paths that several have

A new API is a module `NAME.py` with its `Api`, entered in `apis.APIS`; parts of it are modules `NAME_….py`.
"""
