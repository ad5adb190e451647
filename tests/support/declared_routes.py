"""Who may open which route, written down by hand: the code's own declarations are compared with this table.

A new route is not served before somebody has said here who may open it, and a looser permission is seen in review.
"""

from collections.abc import Mapping
from typing import Final

DECLARED: Final[Mapping[str, frozenset[str]]] = {
    "open": frozenset(
        {
            "GET /setup/{token}",
            "GET /setup/{token}/qr.svg",
            "GET /sign-in",
            "POST /setup/{token}",
            "POST /sign-in",
        }
    ),
    "own_account": frozenset(
        {
            "GET /",
            "GET /account",
            "GET /kept/{form}",
            "POST /account/name",
            "POST /account/password",
            "POST /account/recovery-codes",
            "POST /account/sessions/{session}/end",
            "POST /kept/{form}/discard",
            "POST /language",
            "POST /sign-out",
        }
    ),
    "see_counts": frozenset(
        {
            "GET /study/completeness",
        }
    ),
    "see_completeness": frozenset(
        {
            "GET /board",
            "GET /morning",
            "GET /morning/chat",
            "GET /visits",
            "POST /morning/chat",
            "POST /morning/chat/end",
        }
    ),
    "see_answers": frozenset(
        {
            "GET /corrections",
            "GET /drafts",
            "GET /drafts/{code}/{visit}",
            "GET /drafts/{code}/{visit}/cdai.pdf",
            "GET /participants/{code}",
            "GET /study",
        }
    ),
    "enrol": frozenset(
        {
            "GET /participants/new",
            "GET /participants/{code}/invitation",
            "GET /participants/{code}/manage",
            "POST /participants/new",
            "POST /participants/{code}/diary-link/revoke",
            "POST /participants/{code}/invitation",
            "POST /participants/{code}/unlink",
        }
    ),
    "run_diary": frozenset(
        {
            "GET /inbox",
            "GET /participants/{code}/call",
            "GET /participants/{code}/days/{day}",
            "GET /participants/{code}/visits/{visit}/check-in",
            "GET /participants/{code}/visits/{visit}/missed",
            "GET /participants/{code}/visits/{visit}/preparation",
            "POST /drafts/{code}/{visit}/check-in",
            "POST /inbox/{message}/acknowledge",
            "POST /inbox/{message}/reply",
            "POST /participants/{code}/call",
            "POST /participants/{code}/days/{day}",
            "POST /participants/{code}/nudge",
            "POST /participants/{code}/resume",
            "POST /participants/{code}/visits/{visit}/check-in",
            "POST /participants/{code}/visits/{visit}/missed",
            "POST /participants/{code}/visits/{visit}/move",
            "POST /participants/{code}/visits/{visit}/preparation",
            "POST /participants/{code}/zone",
        }
    ),
    "enter_laboratory": frozenset(
        {
            "POST /drafts/{code}/{visit}/clinic",
            "POST /drafts/{code}/{visit}/worksheet",
        }
    ),
    "assess": frozenset(
        {
            "POST /drafts/{code}/{visit}/accept",
            "POST /drafts/{code}/{visit}/sescd",
        }
    ),
    "withdraw": frozenset(
        {
            "POST /participants/{code}/withdraw",
        }
    ),
    "request_correction": frozenset(
        {
            "GET /participants/{code}/days/{day}/correction",
            "POST /participants/{code}/days/{day}/correction",
        }
    ),
    "approve_correction": frozenset(
        {
            "POST /corrections/{correction}/approve",
            "POST /corrections/{correction}/decline",
        }
    ),
    "raise_query": frozenset(
        {
            "GET /queries",
            "GET /queries/new",
            "GET /queries/{query}",
            "POST /queries",
            "POST /queries/{query}/close",
        }
    ),
    "answer_query": frozenset(
        {
            "POST /queries/{query}/answer",
        }
    ),
    "mark_reviewed": frozenset(
        {
            "POST /audit/review/mark",
        }
    ),
    "verify_source": frozenset(
        {
            "POST /audit/review/verify",
        }
    ),
    "sign": frozenset(
        {
            "GET /drafts/{code}/{visit}/sign",
            "POST /drafts/{code}/{visit}/sign",
        }
    ),
    "unlock": frozenset(
        {
            "POST /drafts/{code}/{visit}/unlock",
        }
    ),
    "confirm_unlock": frozenset(
        {
            "POST /drafts/{code}/{visit}/unlock/confirm",
        }
    ),
    "see_audit": frozenset(
        {
            "GET /audit",
            "GET /audit/review",
            "POST /audit/verify",
        }
    ),
    "see_account_audit": frozenset(
        {
            "GET /audit/access",
        }
    ),
    "export": frozenset(
        {
            "POST /audit/export",
        }
    ),
    "manage_staff": frozenset(
        {
            "GET /staff",
            "POST /staff/{account}/disable",
            "POST /staff/{account}/link",
        }
    ),
}
