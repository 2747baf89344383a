#!/usr/bin/env python3
"""Writes data/chapter-NN.txt: a novel of twelve chapters out of a small grammar and a fixed seed.

Every rule is a list of alternatives; a word in angle brackets is replaced by one of its own rule.
The first alternatives of a rule are chosen more often, as a few words of any language are.
"""

import pathlib
import random
import re
import textwrap

SEED = 1851
CHAPTERS = 12
CHAPTER_MIN_CHARACTERS = 25_000

GRAMMAR = {
    "sentence": [
        "<who> <did> <the thing>.", "<when>, <who> <did> <the thing> <where>.",
        "<who> <did> <the thing>, and <who> <did> <the thing> too.",
        "The <thing> <was> <quality>, and the <thing> <was> not.",
        "<where upper>, <who> <went> <where>, but <who> <went> <where>.",
        "“I have never seen <a thing> so <quality>,” said <person>.",
        "It <was> <when lower> that <who> <went> <where> with <the thing>.",
        "“Is there <a thing> <where>?” asked <person>, and nobody <replied>.",
        "<who> <thought> of <the thing> and of <the thing>, as <person> had <thought> before.",
        "There <was> <a thing> <where>, and <a thing> beside it.",
        "If <who> <did> <the thing> again, it would be <quality>, <person> <thought>.",
        "Neither <person> nor <person> <did> <the thing> <when lower>.",
        "What <was> <quality> to <person> <was> <quality> to the <people>.",
        "“We shall go <where>,” <person> <replied>, “for the <thing> is <quality>.”",
    ],
    "who": ["<person>", "the <people>", "she", "he", "they", "the old <people>", "everyone"],
    "person": ["Miriam", "the captain", "her brother", "Tobias", "the keeper of the light", "Mr. Aldous",
               "the schoolmistress", "old Hannah", "the ferryman", "a stranger from the north"],
    "people": ["fishermen", "children", "travellers", "neighbours", "sailors", "millers", "clerks"],
    "did": ["saw", "found", "carried", "left", "remembered", "mended", "forgot", "sold", "followed",
            "painted", "would not give up", "had lost", "could hear", "asked for", "watched over"],
    "went": ["went", "walked", "came", "rowed", "hurried", "stood", "waited", "wandered"],
    "was": ["was", "had been", "seemed", "became", "remained"],
    "thought": ["thought", "spoken", "dreamed", "heard"],
    "replied": ["replied", "answered", "said", "whispered", "laughed"],
    "the thing": ["the <thing>", "the <quality> <thing>", "her <thing>", "his <thing>", "their <thing>",
                  "a <thing>", "the <thing> of the <thing>", "every <thing>", "no <thing> at all"],
    "a thing": ["a <thing>", "a <quality> <thing>", "a <quality> and <quality> <thing>"],
    "thing": ["sea", "house", "boat", "letter", "light", "wind", "road", "morning", "garden", "lamp", "bell",
              "harbour", "story", "stone", "window", "storm", "net", "clock", "bridge", "market", "candle",
              "horse", "winter", "map", "rope", "table", "river", "mirror", "song", "kettle", "ledger"],
    "quality": ["old", "small", "long", "quiet", "dark", "bright", "cold", "strange", "kind", "heavy", "slow",
                "silver", "narrow", "patient", "curious", "weathered", "honest", "unfinished", "gentle"],
    "where": ["by the <thing>", "in the <thing>", "on the <thing>", "at the end of the <thing>",
              "behind the <thing>", "under the <quality> <thing>", "along the shore", "to the village"],
    "where upper": ["By the <thing>", "At the end of the <thing>", "Along the shore", "Beyond the <thing>"],
    "when": ["In the morning", "That evening", "After the <thing>", "Before the <thing>", "Year after year",
             "When the <thing> <was> <quality>", "All that winter", "On the third day"],
    "when lower": ["in the morning", "that evening", "after the <thing>", "before noon", "all that winter"],
}
PLACE = re.compile(r"<([a-z ]+)>")


def choose(rng, alternatives):
    """The n-th alternative has weight 1/(n+2): roughly how often words occur by rank (Zipf)."""
    weights = [1 / (rank + 2) for rank in range(len(alternatives))]
    return rng.choices(alternatives, weights)[0]


def expand(rng, text):
    while match := PLACE.search(text):
        text = text[: match.start()] + choose(rng, GRAMMAR[match[1]]) + text[match.end() :]
    return text


def sentence(rng):
    text = expand(rng, rng.choice(GRAMMAR["sentence"]))
    text = re.sub(r"\ba (?=[aeiou])", "an ", text)
    return text[0].upper() + text[1:] if text[0] != "“" else text


def chapter(rng, number):
    paragraphs, length = [f"CHAPTER {number}"], 0
    while length < CHAPTER_MIN_CHARACTERS:
        paragraph = " ".join(sentence(rng) for _ in range(rng.randint(3, 9)))
        paragraphs.append(textwrap.fill(paragraph, 80))
        length += len(paragraph)
    return "\n\n".join(paragraphs) + "\n"


def main():
    rng = random.Random(SEED)
    data = pathlib.Path(__file__).with_name("data")
    data.mkdir(exist_ok=True)
    for number in range(1, CHAPTERS + 1):
        (data / f"chapter-{number:02}.txt").write_text(chapter(rng, number), encoding="utf-8")


if __name__ == "__main__":
    main()
