"""Statements: what a yes or a no to each question of the fact schema says in a sentence, in English and Vietnamese."""

from collections.abc import Mapping

from rules.fields import Field, FieldType

# Yes and no in English, then yes and no in Vietnamese. A field without a line here is said with its label.
_SAID: Mapping[str, tuple[str, str, str, str]] = {
    "breached": ("it is in breach", "it is not in breach", "đang vi phạm", "không vi phạm"),
    "below_baseline": (
        "it is worse than its baseline",
        "it is no worse than its baseline",
        "kém mức nền",
        "không kém mức nền",
    ),
    "has_active_objective": (
        "an objective attacks it",
        "no objective attacks it",
        "có mục tiêu xử lý nó",
        "chưa có mục tiêu xử lý nó",
    ),
    "has_accountable": (
        "a unit is accountable",
        "nobody is accountable",
        "có đơn vị chịu trách nhiệm",
        "không ai chịu trách nhiệm",
    ),
    "has_reporter": ("somebody reports it", "nobody reports it", "có người báo số liệu", "không ai báo số liệu"),
    "is_root": ("it is the company", "it is not the company", "là toàn công ty", "không phải toàn công ty"),
    "has_lead": ("it has a lead", "it has no lead", "có trưởng đơn vị", "không có trưởng đơn vị"),
    "supports_something": (
        "it supports a goal above it",
        "it supports nothing above it",
        "có hỗ trợ mục tiêu cấp trên",
        "không hỗ trợ mục tiêu cấp trên",
    ),
    "is_company_level": (
        "it belongs to the company",
        "it belongs to a unit below the company",
        "thuộc toàn công ty",
        "thuộc đơn vị dưới công ty",
    ),
    "is_recovery": ("it is a recovery", "it is no recovery", "là mục tiêu phục hồi", "không phải mục tiêu phục hồi"),
    "superseded_episode": (
        "its breach no longer holds",
        "its breach still holds",
        "đợt vi phạm không còn đúng",
        "đợt vi phạm vẫn đúng",
    ),
    "has_owner": ("it has an owner", "it has no owner", "có người phụ trách", "chưa có người phụ trách"),
    "owner_left": (
        "its owner has left",
        "its owner still works here",
        "người phụ trách đã nghỉ",
        "người phụ trách vẫn làm việc",
    ),
    "objective_active": (
        "its objective is active",
        "its objective is not active",
        "mục tiêu của nó đang mở",
        "mục tiêu của nó không còn mở",
    ),
    "achieved": ("it is achieved", "it is not achieved", "đã đạt", "chưa đạt"),
    "held": ("it is achieved and held", "it has not been held", "đã đạt và giữ vững", "chưa được giữ vững"),
    "promotable": ("it can become a KPI", "it cannot become a KPI", "có thể thành KPI", "chưa thể thành KPI"),
    "promoted": ("it has become a KPI", "it has not become a KPI", "đã thành KPI", "chưa thành KPI"),
    "in_band_now": ("it is in its band now", "it is outside its band now", "đang trong khoảng", "đang ngoài khoảng"),
    "trial": ("it is a trial", "it is no trial", "là chỉ số thử", "không phải chỉ số thử"),
    "measures_kpi": ("it measures a KPI", "it measures no KPI", "có đo một KPI", "không đo KPI nào"),
    "cycle_ended": ("its cycle has ended", "its cycle is still running", "chu kỳ đã hết", "chu kỳ chưa hết"),
}


def of(field: Field, answer: bool, language: str) -> str | None:
    """Return what `answer` to a yes-or-no field says, in lower case; None where there are no words for it."""
    if field.type is not FieldType.BOOLEAN or field.name not in _SAID:
        return None
    return _SAID[field.name][(0 if answer else 1) + (2 if language == "vi" else 0)]
