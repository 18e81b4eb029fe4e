"""The page's words in its two languages. The sandbox has no catalogue: these are all of them."""

from typing import Literal

Language = Literal["ru", "en"]
LANGUAGES: tuple[Language, ...] = ("ru", "en")

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Песочница", "Sandbox"),
    "training": ("Учебный режим: это не настоящие сети", "Training mode: these are not real networks"),
    "skip": ("К содержанию", "Skip to content"),
    "sections": ("Разделы", "Sections"),
    "channels": ("Каналы", "Channels"),
    "all_channels": ("Все каналы", "All channels"),
    "drill": ("Учения", "Drills"),
    "close": ("Закрыть", "Close"),
    "lost": (
        "Нет связи с песочницей. Страница показывает то, что было.",
        "The sandbox does not answer. The page shows what was.",
    ),
    "no_channels": (
        "Каналов пока нет. Они появятся, когда их заведут в учебном режиме.",
        "No channels yet. They appear when somebody adds them in training mode.",
    ),
    "first_only": ("Показаны первые {count}.", "The first {count} are shown."),
    "choose": ("Выберите канал слева.", "Choose a channel on the left."),
    "no_posts": ("Публикаций нет", "No posts"),
    "back": ("К списку каналов", "Back to the channels"),
    "older": ("Показать более ранние", "Show earlier posts"),
    "newest": ("К последним", "To the latest"),
    "show_deleted": ("С удалёнными", "With deleted"),
    "hide_deleted": ("Без удалённых", "Without deleted"),
    "deleted": ("удалено", "deleted"),
    "edited": ("изменено", "edited"),
    "pinned": ("Закреплено", "Pinned"),
    "silent": ("без звука", "silent"),
    "photo": ("Фотография", "Photo"),
    "photo_of": ("Фотография {number} из {total}", "Photo {number} of {total}"),
    "file": ("Файл", "File"),
    "views": ("Просмотры", "Views"),
    "forwards": ("Пересылки", "Forwards"),
    "hidden": ("Показать скрытый текст", "Show the hidden text"),
    "more": ("Развернуть", "Expand"),
    "less": ("Свернуть", "Collapse"),
    "new": ("Новых", "New"),
    "compact": ("Мельче", "Smaller"),
    "roomy": ("Крупнее", "Larger"),
    "not_found": ("Такой страницы здесь нет", "There is no such page here"),
    "not_allowed": ("Песочница этого не позволила", "The sandbox did not allow this"),
    "wrong": ("Так не получится", "This does not work"),
    "wrong_value": (
        "Так задать нельзя. Проверьте числа, ошибку (например, 420 FLOOD_WAIT_30) и текст: он не пустой.",
        "This cannot be set. Check the numbers, the error (such as 420 FLOOD_WAIT_30) and the text, if any.",
    ),
    "to_start": ("К каналам", "To the channels"),
    # Letters
    "inbox": ("Почта", "Mail"),
    "no_letters": (
        "Писем пока нет. Сюда приходит всё, что пишется в учебном режиме.",
        "No letters yet. Whatever is written in training mode comes here.",
    ),
    "back_to_letters": ("К письмам", "Back to the letters"),
    "letter_from": ("От", "From"),
    "letter_to": ("Кому", "To"),
    "letter_came": ("Пришло", "Came"),
    "letter_body": ("Письмо, как его видит читатель", "The letter as its reader sees it"),
    "letter_text": ("Тот же текст без оформления", "The same as plain text"),
    "letter_files": ("Приложено", "Attached"),
    "in_letter": ("показано в письме", "shown in the letter"),
    "no_subject": ("Без темы", "No subject"),
    # A post
    "post_menu": ("Что сделать с публикацией {id}", "What to do with post {id}"),
    "delete_post": ("Удалить, как человек в Telegram", "Delete, as a person in Telegram"),
    "age_post": ("Состарить на 49 часов", "Make it 49 hours older"),
    "edit_post": ("Изменить, как человек в Telegram", "Edit, as a person in Telegram"),
    "save": ("Сохранить", "Save"),
    # Drills
    "drill_about": (
        "Сбои, которые бывают у настоящих сетей. Они действуют только здесь.",
        "Failures that real networks have. They happen only here.",
    ),
    "no_control": (
        "Отсюда можно только смотреть. Управляют с того компьютера, где работает песочница, или с ключом"
        " управления из файла sandbox.json.",
        "From here you can only look. Control it from the computer on which the sandbox runs, or with the"
        " control token from the file sandbox.json.",
    ),
    "control_key": ("Ключ управления", "Control token"),
    "enter": ("Войти", "Enter"),
    "wrong_key": ("Ключ не подошёл.", "This is not the token."),
    "state": ("Сеть сейчас", "The network now"),
    "latency": ("Задержка ответа, мс", "Delay of each answer, ms"),
    "set": ("Задать", "Set"),
    "limits": ("Ограничение частоты, как у Telegram", "Rate limits like Telegram's"),
    "offline": ("Сеть недоступна", "The network is down"),
    "on": ("включено", "on"),
    "off": ("выключено", "off"),
    "turn_on": ("Включить", "Turn on"),
    "turn_off": ("Выключить", "Turn off"),
    "duplicates": ("Ответ на повторную отправку", "Answer to a repeated send"),
    "duplicates_original": ("прежней публикацией", "the first post"),
    "duplicates_error": ("ошибкой RANDOM_ID_DUPLICATE", "the error RANDOM_ID_DUPLICATE"),
    "answer_original": ("Отвечать публикацией", "Answer with the post"),
    "answer_error": ("Отвечать ошибкой", "Answer with the error"),
    "works": ("действует", "works"),
    "revoked": ("ключ отозван", "token revoked"),
    "revoke": ("Отозвать ключ", "Revoke the token"),
    "restore": ("Вернуть ключ", "Restore the token"),
    "plan": ("Запланировать сбой", "Plan a failure"),
    "kind": ("Что случится", "What happens"),
    "kind_error": ("Сеть отвечает ошибкой", "The network answers with an error"),
    "kind_drop": ("Связь обрывается", "The link drops"),
    "kind_hang": ("Ответа нет", "There is no answer"),
    "kind_delay": ("Ответ приходит поздно", "The answer comes late"),
    "error": ("Ошибка", "Error"),
    "when": ("Когда", "When"),
    "when_before": ("до того, как сеть выполнила запрос", "before the network has applied the request"),
    "when_after": ("после того, как сеть выполнила запрос", "after the network has applied the request"),
    "method": ("С каким запросом", "Which request"),
    "channel": ("В каком канале", "Which channel"),
    "any_channel": ("в любом", "any"),
    "times": ("Сколько раз", "How many times"),
    "skip_first": ("Сначала пропустить", "Let through first"),
    "seconds": ("Секунд ждать", "Seconds to wait"),
    "plan_hint": (
        "Без числа раз сбой действует, пока его не снимут. Секунды важны для позднего ответа и тишины.",
        "With no number of times it lasts until removed. Seconds matter for late and missing answers.",
    ),
    "plan_it": ("Запланировать", "Plan it"),
    "planned": ("Запланировано", "Planned"),
    "nothing_planned": ("Сбоев не запланировано", "No failures are planned"),
    "random": (
        "Случайные сбои: {percent} % изменяющих запросов",
        "Random failures: {percent} % of changing requests",
    ),
    "remove": ("Снять", "Remove"),
    "remove_all": ("Снять все сбои", "Remove all failures"),
    "left": ("осталось раз: {times}", "times left: {times}"),
    "for_ever": ("пока не снимут", "until removed"),
    "log": ("Последние запросы", "Last requests"),
    "no_requests": ("Запросов ещё не было", "No requests yet"),
    "answered_ok": ("выполнено", "done"),
    "answered_drop": ("обрыв связи", "link dropped"),
    "answered_hang": ("без ответа", "no answer"),
    "answered_error": ("ошибка", "error"),
    "answered_delay": ("поздний ответ", "late answer"),
    "applied": ("но выполнено", "but applied"),
    "any_change": ("любая отправка, правка, удаление", "any send, edit or delete"),
    "messages.sendMessage": ("отправка текста", "send a text"),
    "messages.sendMedia": ("отправка фото или файла", "send a photo or file"),
    "messages.sendMultiMedia": ("отправка альбома", "send an album"),
    "messages.editMessage": ("правка", "edit"),
    "channels.deleteMessages": ("удаление", "delete"),
    "channels.getMessages": ("чтение публикаций", "read posts"),
    "channels.getFullChannel": ("счёт подписчиков", "count subscribers"),
    "upload.saveFilePart": ("загрузка файла", "upload a file"),
    "messages.uploadMedia": ("сохранение файла", "store a file"),
    "auth.importBotAuthorization": ("вход бота", "sign in"),
    "contacts.resolveUsername": ("поиск канала", "find a channel"),
    "smtp.RCPT": ("письмо: получатель", "a letter: its recipient"),
    "smtp.DATA": ("письмо: содержание", "a letter: its content"),
}  # fmt: skip

SUBSCRIBERS = ("подписчик", "подписчика", "подписчиков"), ("subscriber", "subscribers")


class Words:
    """The words of one language: `say("drill")`."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key."""
        return WORDS[key][self._column].format(**values)

    def method(self, name: str) -> str:
        """A request in words, where it is one that people meet."""
        return self(name) if name in WORDS else name

    def number(self, value: int) -> str:
        """12 345, or 12,345."""
        return f"{value:,}".replace(",", "\u202f" if self.language == "ru" else ",")

    def short(self, value: int) -> str:
        """12345 as 12,3 тыс., as Telegram counts views."""
        for step, names in ((1_000_000, (" млн", "M")), (1_000, (" тыс.", "K"))):
            if value >= step:
                text = f"{value // (step // 10) / 10:g}"
                return text.replace(".", ",."[self._column]) + names[self._column]
        return str(value)

    def size(self, octets: int) -> str:
        """A file's size."""
        for step, names in ((1_000_000, ("МБ", "MB")), (1_000, ("КБ", "KB"))):
            if octets >= step:
                return f"{octets / step:.1f} ".replace(".", ",."[self._column]) + names[self._column]
        return f"{octets} {('байт', 'bytes')[self._column]}"

    def subscribers(self, value: int) -> str:
        """The number with its noun."""
        forms = SUBSCRIBERS[self._column]
        if self.language == "en":
            return f"{self.number(value)} {forms[value != 1]}"
        ones, tens = value % 10, value % 100 // 10
        form = 2 if tens == 1 or ones in {0, 5, 6, 7, 8, 9} else 0 if ones == 1 else 1
        return f"{self.number(value)} {forms[form]}"
