"""The staff web app: server-rendered pages in two languages, on the same actions as everything else.

How to write a page: make a module in `bot/clinic/pages/` that holds `pages = Pages()`, and register handlers on it::

    @pages.get("/participants/{code}", may=Permission.SEE_COMPLETENESS, nav=Nav.BOARD)
    def show_participant(request: Request, staff: SignedInStaff) -> Response:
        with reading(request) as session:
            participant = participant_for(session, staff, request.path_params["code"])  # a foreign site's is a 404
            view = ...
        note_view(request, staff, "participant", participant=participant.code)
        return page(request, "participant.html", participant=view)

    @pages.post("/participants/{code}/nudge", may=Permission.RUN_DIARY)
    def nudge(request: Request, staff: SignedInStaff) -> Response:
        code = request.path_params["code"]
        act(request, lambda audit: send_nudge(audit, participant_for(audit.session, staff, code)))
        return redirect(request, f"/participants/{code}", said=clinic_text("nudge", "A reminder is on its way."))

`bot.clinic.call` holds what handlers use, `bot.clinic.routes` the registration, `bot.clinic.words` the languages,
`bot.clinic.glyphs` the marks of days and messages, `bot.clinic.access` sessions, step-up, CSRF and headers.
A module in `pages/` is found by itself; nothing else has to be edited, but for its words: a page's sentences go to
`clinic_<page>.po` in both catalogue folders. Templates extend `base.html`; macros are in `macros/`.
"""
