"""Renders the scoring tables into docs/scoring.md and docs/scoring.zh.md: python tests/spec/render_scoring.py"""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TABLES = Path(__file__).parent / "scoring"
PAGES = {"en": ROOT / "docs/scoring.md", "zh": ROOT / "docs/scoring.zh.md"}

Table = dict[str, Any]

HEADS = {
    "en": (
        "# How scores are made\n\n"
        "These tables are the specification: the tests run every row through the program, and this page is rendered "
        "from the same files (`tests/spec/scoring`). A change of a rule changes a row, and a row that is not true "
        "fails the tests. [中文](scoring.zh.md)\n"
    ),
    "zh": (
        "# 评分规则\n\n"
        "以下各表即评分规范：测试会逐行运行，本页由同一份文件（`tests/spec/scoring`）生成。规则改变，表格随之改变；"
        "与程序不符的行会使测试失败。[English](scoring.md)\n"
    ),
}
WHY = {"en": "Why", "zh": "说明"}
SEPARATORS = {"en": ", ", "zh": "，"}
PRORATED = re.compile(r"prorated_(\d+)_of_(\d+)")
YES_NO = {"en": ("yes", "no"), "zh": ("是", "否")}
WORDS = {
    "remission": "缓解",
    "mild": "轻度",
    "moderate": "中度",
    "severe": "重度",
    "male": "男",
    "female": "女",
    "none": "无",
    "questionable": "可疑",
    "definite": "肯定",
    "yes": "已定，达到",
    "no": "已定，未达到",
    "open": "未定",
    "missed": "缺失",
    "late": "补填",
    "after": "截止后",
    "partial": "未提交",
    "prep": "肠道准备",
    "scope": "内镜",
    "computed": "已计算",
    "incomplete": "不完整",
    "not_computable": "无法计算",
    "in_window": "在时间窗内",
    "after_visit": "访视后",
    "carried_forward": "沿用旧值",
    "missing": "缺失",
    "default": "默认",
    "signed": "不设下限",
    "cn_hct_40_37": "参考值 40/37",
    "replace_missing": "补足缺失日",
    "no_replace": "不补足排除日",
    "hct": "红细胞压积",
    "mass": "腹部肿块",
    "antidiarrhoeal": "止泻药",
    "weight": "体重",
    "stools": "稀便次数",
    "pain": "腹痛",
    "taken": "用药",
    "nothing": "未用",
    "blank": "未答",
    "unanswered": "未回答",
    "unknown": "未知",
    "accepted": "接受",
    "confirm": "需确认",
    "arthralgia": "关节痛",
    "uveitis": "葡萄膜炎",
    "erythema_nodosum": "结节性红斑",
    "pyoderma_gangrenosum": "坏疽性脓皮病",
    "aphthous_stomatitis": "口腔溃疡（阿弗他溃疡）",
    "days_excluded": "有排除日",
    "window_extended": "日记期前移",
    "diary_days_below_minimum": "天数不足",
}
# An open diary day and an open verdict are the same word in English, not in Chinese.
DAY_WORDS = {"open": "未结束"}


def load_tables() -> list[Table]:
    """Return the tables in the order of their file names; each knows its name."""
    return [
        {**tomllib.loads(path.read_text(encoding="utf-8")), "name": path.stem[3:]}
        for path in sorted(TABLES.glob("*.toml"))
    ]


def render(language: str) -> str:
    """Return the page in one language."""
    return "\n".join([HEADS[language], *(_section(table, language) for table in load_tables())])


def _section(table: Table, language: str) -> str:
    keys = [column[0] for column in table["columns"]]
    titles = [column[1 if language == "en" else 2] for column in table["columns"]]
    rows = [_row([*titles, WHY[language]]), _row(["---"] * (len(keys) + 1))]
    rows += [
        _row([*(_cell(case[key], key, language) for key in keys), case["why"][language]]) for case in table["case"]
    ]
    intro = (
        " ".join(table["intro"][language].split()) if language == "en" else table["intro"][language].replace("\n", "")
    )
    return "\n".join([f"## {table['title'][language]}", "", intro, "", *rows, ""])


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: object, key: str, language: str) -> str:
    if isinstance(value, list):
        between = " / " if key == "weight" else SEPARATORS[language]
        return between.join(_cell(one, key, language) for one in value) or "–"
    if isinstance(value, bool):
        return YES_NO[language][not value]
    if isinstance(value, str):
        return " ".join(_word(word, key, language) for word in value.split(" "))
    return str(value)


def _word(word: str, key: str, language: str) -> str:
    if language == "en":
        return f"`{word}`" if key in ("code", "rule") and "_" in word else word.replace("_", " ")
    if key == "days" and word in DAY_WORDS:
        return DAY_WORDS[word]
    return WORDS.get(word) or PRORATED.sub(r"按 \1/\2 折算", word)


if __name__ == "__main__":
    for tongue, page in PAGES.items():
        page.write_text(render(tongue), encoding="utf-8")
