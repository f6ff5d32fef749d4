"""What is known of an event besides its evidence, as markup: head, facts, texts, course.

Every value has gone through `escape`.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from api.console import codes, place_words, text_words, views
from api.console.codes import coded
from api.console.layout import Visitor, badge, card, countdown, flag_badges
from api.console.layout import table as table_markup
from models import plate
from models.event import FlowName
from models.history import History
from models.notice import CALLS

LOOKS_SHOWN = 20


def head(who: Visitor, view: views.EventView) -> str:
    row = view.row
    said = escape(subject(who, row))
    left = (
        f'<span class="qf-left">{countdown(row.until)} '
        f'<span class="qf-muted">{escape(who.word(row.until_what))}</span></span>'
        if row.until
        else ""
    )
    return (
        f'<div class="qf-card qf-eventhead"><h1 class="qf-plate">{said}</h1>'
        f"{badge(who, row.state)}{flag_badges(who, row.flags)}"
        f"<span>{escape(row.place)} · {escape(row.camera)}</span>"
        f'<span class="qf-muted">{escape(row.event_no)}</span>{left}</div>'
    )


def masked(row: views.EventRow) -> views.EventRow:
    """The line for somebody who need not know whose vehicle it is."""
    return row if row.plate is None else replace(row, plate=plate.mask(row.plate))


def subject(who: Visitor, row: views.EventRow) -> str:
    """What the event is about: a plate, or what kind of thing it is."""
    if row.flow != FlowName.PARKING:
        return who.word(f"flow_{row.flow}")
    return row.plate or who.word("unreadable")


def facts(who: Visitor, view: views.EventView) -> str:
    zone, word, language = view.zone, who.word, who.language
    second = word("seconds")
    pairs: list[tuple[str, str, str]] = [
        (
            word("zone"),
            f"{zone.name} · {word('version')} {zone.version} · {word('phase_' + zone.phase)}",
            "",
        ),
        (word("rule"), word(f"rule_{view.row.flow}"), ""),
        (word("legal_basis"), zone.legal_basis or word("none_given"), ""),
        (word("surface"), coded(codes.SURFACES, zone.surface, language), zone.surface),
        (word("authority"), coded(codes.AUTHORITIES, zone.authority, language), zone.authority),
        (word("device"), word("reviewed" if view.device_reviewed else "not_reviewed"), ""),
        (word("dwell_short"), f"{zone.dwell_seconds:g} {second}", "dwell_seconds"),
        (word("grace_short"), _grace(who, zone.grace_seconds), "grace_seconds"),
    ]
    pairs += [(word(_time(view, key)), views.local(at), key) for key, at in view.times if at]
    if view.row.flow == FlowName.CROWD:
        pairs = [pair for pair in pairs if pair[2] != "grace_seconds"]  # nobody is given one
    if dict(view.times).get("notified_at"):
        pairs.append((word("clock_from"), word(view.grace_policy), view.grace_policy))
    if view.plate_original:
        pairs.append((word("machine_read"), view.plate_original, "plate_original"))
    if view.history is not None:
        pairs.append((word("year_before"), _earlier(who, view.history), "first_time"))
    if view.outcome:
        said = coded(codes.OUTCOMES, view.outcome, language)
        pairs.append((word("outcome"), said, view.outcome))
    return card(word("what_and_where"), table_markup(pairs) + _decisions(who, view))


def _earlier(who: Visitor, history: History) -> str:
    """L04: whether it is the first time, in the year before."""
    left = f"{who.word('left_before')} {history.left_in_time}"
    if history.first_time:
        return f"{who.word('first_time')} · {left}"
    return f"{who.word('escalated_before')} {history.escalated} · {left}"


def _time(view: views.EventView, key: str) -> str:
    """What an instant is called where there is no car to drive off."""
    is_place = view.row.flow != FlowName.PARKING and key in ("deadline", "gone_at")
    return f"{key}_place" if is_place else key


def _grace(who: Visitor, seconds: float) -> str:
    if seconds % 60 or seconds < 60:
        return f"{seconds:g} {who.word('seconds')}"
    return f"{seconds / 60:g} {who.word('minutes')}"


def _decisions(who: Visitor, view: views.EventView) -> str:
    return "".join(
        f'<div class="qf-sms"><b>{escape(d.officer)}</b> '
        f"{escape(coded(codes.DECISIONS, d.kind, who.language))} · {views.local(d.at)}"
        f'<div class="qf-muted">{escape(who.word("licence_no"))} {escape(d.licence_no or "–")}'
        f"</div><div>{escape(coded(codes.OUTCOMES, d.reason, who.language))}</div></div>"
        for d in view.decisions
    )


def notices(who: Visitor, view: views.EventView) -> str:
    if not view.notices:
        if view.row.flow == FlowName.CROWD:
            return ""  # nobody is ever texted about a gathering
        return card(
            who.word("notices"), f'<div class="qf-muted">{escape(who.word("no_notice"))}</div>'
        )
    return card(who.word("notices"), "".join(_notice(who, n) for n in view.notices))


def _notice(who: Visitor, notice: views.NoticeView) -> str:
    is_call = notice.template in CALLS
    states = text_words.CALL_STATES if is_call else codes.TEXT_STATES

    def state(code: str, said: str = "") -> str:
        """Of a call the provider tells more than our own word for it: busy, or no answer."""
        told = said if is_call and said in states else code
        return escape(coded(states, told, who.language))

    uncounted = f" ({escape(who.word('counted_not'))})"
    receipts = "".join(
        f'<div>{views.local(at)} <span title="{escape(said)}">{state(status, said)}</span>'
        f"{'' if counted else uncounted}</div>"
        for at, status, said, counted in notice.receipts
    )
    error = f'<div class="qf-no">{escape(notice.error)}</div>' if notice.error else ""
    body = f'<div class="qf-sms">{escape(notice.body)}</div>' if notice.body else ""
    return (
        f'<div class="qf-text"><b title="{escape(notice.template)}">'
        f"{escape(coded(codes.TEXTS, notice.template, who.language))}</b> "
        f'<span class="qf-badge">{state(notice.status, notice.outcome)}</span> '
        f'<span class="qf-muted">{escape(notice.provider)}</span>{body}{error}'
        f'<div class="qf-caption">{receipts}</div></div>'
    )


def course(who: Visitor, view: views.EventView) -> str:
    is_car = view.row.flow == FlowName.PARKING
    steps = "".join(_step(who, step, is_car) for step in view.timeline)
    markup = card(who.word("timeline"), f'<ol class="qf-steps">{steps}</ol>')
    if view.looks:
        markup += card(who.word("what_it_sees"), _looks(who, view))
    return markup


def _step(who: Visitor, step: views.StepView, is_car: bool) -> str:
    language = who.language
    table = codes.STEPS
    if not is_car and step.trigger in place_words.NOT_A_CAR:
        table = place_words.NOT_A_CAR
    by = " ".join(filter(None, (coded(codes.ACTORS, step.actor_kind, language), step.actor)))
    why = coded(codes.OUTCOMES, step.reason, language) if step.reason else ""
    reason = f' · <span title="{escape(step.reason)}">{escape(why)}</span>' if why else ""
    return (
        f"<li><time>{views.local(step.at)}</time><div>"
        f'<span title="{escape(step.code)} {escape(step.trigger)}">'
        f"{escape(coded(table, step.trigger, language))}</span> {badge(who, step.state)}"
        f'<div class="qf-muted">{escape(by)}{reason}</div></div></li>'
    )


def _looks(who: Visitor, view: views.EventView) -> str:
    """The latest looks; a long watch has hundreds of spans, and the earlier ones fold away."""
    lines = [_look(who, look) for look in view.looks]
    earlier, latest = lines[:-LOOKS_SHOWN], lines[-LOOKS_SHOWN:]
    folded = (
        f"<details><summary>{escape(who.word('earlier'))} ({len(earlier)})</summary>"
        f'<ol class="qf-steps">{"".join(earlier)}</ol></details>'
        if earlier
        else ""
    )
    return f'{folded}<ol class="qf-steps">{"".join(latest)}</ol>'


def _look(who: Visitor, look: views.LookView) -> str:
    reason = coded(codes.ANSWER_REASONS, look.reason, who.language)
    because = f' · <span title="{escape(look.reason)}">{escape(reason)}</span>' if reason else ""
    return (
        f"<li><time>{views.local(look.begin)}–{views.local(look.end)[-8:]}</time><div>"
        f'<span title="{escape(look.answer)}">'
        f"{escape(coded(codes.ANSWERS, look.answer, who.language))}</span>"
        f'<span class="qf-muted">{because} · {look.looks} {escape(who.word("looks"))}</span>'
        "</div></li>"
    )
