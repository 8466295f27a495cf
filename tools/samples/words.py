"""About a thousand English words in topics, for the vocabulary of the text sample."""

NOUNS = {
    "film": "movie film actor scene story plot character director camera theater audience screen drama comedy script "
    "critic ticket studio series episode trailer hero villain award",
    "music": "song band concert guitar piano drum violin melody singer album rhythm note chord orchestra dancer stage "
    "voice record choir trumpet",
    "animal": "dog cat horse bird cow pig duck lion tiger bear rabbit snake frog spider eagle shark dolphin elephant "
    "monkey turtle insect",
    "food": "apple orange banana bread cheese egg soup salad cake cookie pizza burger noodle carrot onion pepper lemon "
    "meal breakfast dinner kitchen recipe spoon plate",
    "travel": "car train plane boat ship bus bicycle road bridge station airport hotel map journey trip passenger "
    "driver pilot ticket border island suitcase",
    "home": "house room door window wall floor roof chair table bed lamp sofa garden fence stairway mirror clock "
    "carpet pillow blanket",
    "work": "job office manager worker meeting company market customer product price contract report letter bank "
    "salary project engineer lawyer factory machine",
    "school": "teacher student lesson book pencil paper exam question answer classroom library page word sentence "
    "language number equation chapter essay degree",
    "science": "planet star moon atom cell gene theory experiment laboratory telescope energy force signal wave magnet "
    "particle rocket satellite robot sensor",
    "computer": "computer program keyboard network server file folder model layer tensor vector matrix function "
    "variable error message password website browser image",
    "nature": "tree flower forest river lake mountain valley desert ocean beach cloud storm wind branch root seed "
    "field hill stone garden",
    "body": "head arm leg hand finger eye ear nose shoulder knee heart bone muscle stomach doctor nurse hospital "
    "patient medicine disease",
    "sport": "game team player coach goal ball match race runner winner loser season stadium fan trophy medal "
    "referee swimmer league final",
    "family": "mother father sister brother son daughter uncle aunt cousin parent friend neighbor baby boy girl guest "
    "niece wedding birthday gift",
}
VERBS = {
    "speech": "talk ask answer explain call shout whisper suggest mention promise argue announce",
    "thought": "learn remember believe wonder imagine consider guess decide notice expect",
    "motion": "walk jump climb travel arrive return move turn push pull follow enter",
    "making": "build create paint cook clean repair design produce develop invent",
    "feeling": "enjoy love hate like fear hope laugh smile worry admire",
}
ADJECTIVES = {
    "good": "good great excellent wonderful brilliant amazing perfect lovely fantastic nice beautiful charming funny "
    "happy best better",
    "bad": "bad terrible awful boring horrible poor dreadful ugly sad angry stupid annoying worst worse dull",
    "size": "big small large little tiny huge long short tall high low wide narrow deep heavy light",
    "colour": "red green blue yellow black white brown grey pink purple",
    "state": "new old young fresh early late quick slow hot cold warm cool wet dry full empty open closed clean dirty "
    "easy hard simple quiet loud rich safe strange common rare",
}
FUNCTION_WORDS = {
    "article": "the a an this that these those another some any each every all both no other such same",
    "pronoun": "i you he she it we they me him her us them my your his its our their who what which someone nothing "
    "everything",
    "verb": "is am are was were be been being do does did done have has had can could will would shall should may "
    "might must go went gone see saw seen make made take took give gave say said think thought know knew",
    "preposition": "of in on at by for with from to into over under about after before between through during "
    "without against",
    "conjunction": "and or but if because while although when where why how than then so not never always often here "
    "there now today yesterday tomorrow very too only just also again still",
    "number": "zero one two three four five six seven eight nine ten hundred thousand million first second third last "
    "half",
}


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def _forms(verb: str) -> list[str]:
    if verb.endswith("e"):
        return [_plural(verb), verb + "d", verb[:-1] + "ing"]
    past = verb[:-1] + "ied" if verb.endswith("y") and verb[-2] not in "aeiou" else verb + "ed"
    return [_plural(verb), past, verb + "ing"]


def vocabulary() -> list[tuple[str, str, str]]:
    """Every word once, as (word, its stem, its topic), in a fixed order."""
    entries: dict[str, tuple[str, str]] = {}
    for words in (FUNCTION_WORDS, ADJECTIVES):
        for topic, text in words.items():
            for word in text.split():
                entries.setdefault(word, (word, topic))
    for words, inflect in ((NOUNS, lambda noun: [_plural(noun)]), (VERBS, _forms)):
        for topic, text in words.items():
            for stem in text.split():
                for word in [stem, *inflect(stem)]:
                    entries.setdefault(word, (stem, topic))
    return [(word, stem, topic) for word, (stem, topic) in entries.items()]
