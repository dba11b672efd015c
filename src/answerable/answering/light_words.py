"""Words that a question may have without asking about them; their absence from a document says nothing.

Search leaves out stop words; these are what is left of "could you please tell me" after that. Every other word of
a question names what it is about, and a sentence without it may be about something else.
"""

_ENGLISH = """
able about actually allowed already also always any anybody anyone anything anyway ask asking available become
before bit bought bring buy can cannot case check come could did didnt do does doesnt doing dont easy either
else enough even ever every everything exactly explain far find for gave general generally get gets
getting give given go goes going gone good got great guys had happen happens have having hello help hey hi
hope how i've idea im info inform information interested issue ive just keep kind know known let like long
look looking lot made make makes making many may maybe mean means might mind mine more much must my myself
need needed needs no normally not nothing now offer offered offering okay our own people per please possible
possibly problem put question questions quick quickly quite really regarding right said same say see seem send
sent shall should simply since so some somebody somehow someone something soon sorry still stuff sure take
taken takes tell thank thanks their them there thing things think time times too try trying type very want
wanted wants was way we well went were what whats when where whether which who why will wish within without
wondering work works would you your
"""
_GERMAN = """
aber aktuell alle allem allen aller alles also auch beim bekam bekomme bekommen bekommt besonders besser
bestimmt bitte brauch brauche brauchen braucht bringen bringt bräuchte da dabei dafür dagegen daheim dann
daran darauf darf darfst das dauert davon dazu dein denn der deren derzeit dich doch dort du dürfen dürft eben
eigentlich ein einen einfach einmal erst etwas euch euer eure euren eurer fall falls find finde finden findet
frage fragen frau ganz gar gebe geben gebt gehen geht gekauft gelten genau generell gerade gern gerne gibt
gibts gilt ging gut hab habe haben habt hallo halt hat hatte heißt helfen hier hilfe hin hätte ihr ihre immer
info infos ja jede jeder jetzt kam kann kannst kaufe kaufen kauft kein keine kenne komm komme kommen kommt
konnte krieg kriege kriegen kriegt könnt könnte könnten lang lange lass lassen lieber liegt los lässt mache
machen macht mal man manche mehr mein meine meinem meinen mich mir mit muss musste mußte möchte möchten mögen
möglich möglichkeit müssen müsste nach nehmen nehmt nicht nichts nimmt noch normal normalerweise nur oder ok
okay sache sachen sag sage sagen schnell schon sehr sein seit selbst sich sicher sie sind so sofort sogar soll
sollen sollte solltet sonst stelle stellen stellt uns unser unter usw viel viele vielleicht von wann warum was
weiß welche welcher welches wenn wer werd werde werden wie wieder wieso will wird wissen wo wohl wollen wollte
wäre würde würdet zeit zu zuerst zum zur zusammen über überhaupt
"""

LIGHT_WORDS = frozenset(_ENGLISH.split()) | frozenset(_GERMAN.split())

_ENDING = 3
"""A stem is at most so much shorter than a word of its family that is still as light."""


def is_light(stems: tuple[str, ...]) -> bool:
    """Whether a word, known by its German and its English stem, says nothing of what is asked about."""
    return any(stem in LIGHT_WORDS or _is_near(stem) for stem in stems)


def _is_near(stem: str) -> bool:
    # Stemmers change the last letter ("something" becomes "someth", "information" "informat"); a stem of three
    # letters is the beginning of too much.
    start = stem[: max(4, len(stem) - 1)]
    return len(start) > 3 and any(
        word.startswith(start) and 0 <= len(word) - len(stem) <= _ENDING for word in LIGHT_WORDS
    )
