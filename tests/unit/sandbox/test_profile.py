"""What the bot tells about itself: commands by language and scope, names, menu button."""

import json

ANN = 5_000_000_001


def commands(*names):
    return json.dumps([{"command": name, "description": name} for name in names])


def menu(talk):
    return [command["command"] for command in talk.api.commands(ANN)]


def test_the_menu_follows_the_language_of_the_phone(talk):
    talk.result("setMyCommands", commands=commands("today"))
    talk.result("setMyCommands", commands=commands("jintian"), language_code="zh")
    assert menu(talk) == ["jintian"]
    talk.api.set_language(ANN, "en")
    assert menu(talk) == ["today"]


def test_a_narrower_scope_wins_until_it_is_deleted(talk):
    scope = json.dumps({"type": "chat", "chat_id": ANN})
    talk.result("setMyCommands", commands=commands("today"))
    talk.result("setMyCommands", commands=commands("only_here"), scope=scope)
    assert menu(talk) == ["only_here"]
    assert talk.result("getMyCommands", scope=scope)[0]["command"] == "only_here"
    talk.result("deleteMyCommands", scope=scope)
    assert menu(talk) == ["today"]


def test_names_and_descriptions_are_kept_by_language(talk):
    talk.result("setMyName", name="Daily diary")
    talk.result("setMyName", name="每日三问", language_code="zh")
    talk.result("setMyDescription", description="Three questions")
    talk.result("setMyShortDescription", short_description="Diary")

    assert talk.result("getMyName", language_code="zh") == {"name": "每日三问"}
    assert talk.result("getMyName", language_code="fr") == {"name": "Daily diary"}
    assert talk.result("getMyDescription") == {"description": "Three questions"}
    assert talk.result("getMyShortDescription") == {"short_description": "Diary"}
    assert talk.result("getMe")["first_name"] == "Daily diary"


def test_the_menu_button_falls_back_to_commands(talk):
    assert talk.result("getChatMenuButton") == {"type": "commands"}
    talk.result("setChatMenuButton", menu_button='{"type": "default"}', chat_id=ANN)
    assert talk.result("getChatMenuButton", chat_id=ANN) == {"type": "default"}


def test_the_rest_of_the_calls_are_accepted(talk):
    assert talk.result("getChat", chat_id=ANN)["type"] == "private"
    assert talk.result("sendChatAction", chat_id=ANN, action="typing") is True
    assert talk.result("logOut") is True
    assert talk.result("close") is True
