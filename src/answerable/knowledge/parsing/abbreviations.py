"""Words whose full stop does not end a sentence, and words that begin one, in German and English.

Only lists; how they are weighed stands in `sentences`. All in lower case, without the full stop.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEVER_LAST = _words(
    """
    abzgl allg approx bes betr bspw bzgl bzw ca dipl dr einschl evtl exkl frl gem ggf hr hrn inkl ing insb
    lt mr mrs ms mwst.-nr österr prof schweiz sog st tägl urspr vgl vs wg zzgl excl incl resp
    e.g i.e cf viz z.b d.h i.d.r u.u z.t i.a z.zt s.o s.u
    """
)
"""Something always follows them."""

BEFORE_NUMBER = _words(
    """
    nr nrn no nos max min mind art abs tel fax mob str kap ziff fig vol pp p s bd az par pos ext ab anm
    aufl hausnr plz
    mo di mi do fr sa so mon tue tues wed thu thur fri sat sun
    jan feb mär mar apr jun jul aug sep sept okt oct nov dez dec
    """
)
"""They introduce a number: `Nr. 5`, `Tel. 0512`, `Sa. 10 Uhr`."""

RARELY_LAST = _words(
    """
    usw etc usf o.ä u.ä u.a u.v.m u.s.w a.m p.m u.s u.k ltd inc co corp jr sr min max std sek stk tsd mio
    mrd dgl kl gr versch verf zz geb gegr abt dept est str
    """
)
"""They may end a sentence, and do so when a word follows that begins one."""

FIRST_WORDS = _words(
    """
    aber alle alles als also am an auch auf aus außerdem bei beide beim bereits bis bitte da dabei dafür
    damit danach dann darum das dazu dein deine dem den denn der deren deshalb die dies diese diesem diesen
    dieser dieses doch dort du eben ein eine einem einen einer einige er erst es etwas falls für ganz geben
    gerne gibt hier ich ihr ihre ihren im in innerhalb ist ja jede jeder jedes jetzt kann kein keine können
    man mein meine mehr mit möchten muss müssen nach natürlich neben nein nicht noch nur ob oder ohne per
    schicken sehr sein seine seit senden sie sind so sobald sofern solange sollte sollten sonst sowie statt
    trotzdem über um und uns unser unsere unserem unseren unter vom von vor während wann warum was weil
    welche welcher wenden wenn wer werden wie wir wird wo zu zudem zum zur zusätzlich zwischen
    a after all also although always an and any are as at because before both but by can contact did do does
    during each either every for from further has have he her here his how however i if in instead is it its
    just many may more most my never no not now of on once one only or other our outside please return send
    she should simply since so some such than that the their then there therefore these they this those
    though to unless until up we what when where which while who why will with within without would yes you
    your
    """
)
"""Words that begin a sentence when they stand with a capital after a full stop."""

MONTHS = _words(
    """
    januar jänner februar feber märz april mai juni juli august september oktober november dezember
    january february march may june july october december
    jan feb mär mar apr jun jul aug sep sept okt oct nov dez dec
    """
)
"""`1. März` is a day, not a list item and not the end of a sentence."""

BEFORE_ORDINAL = _words(
    """
    ab am beim bis das dem den der des die diese dieser erste ihre ihrem ihren ihrer im jede jedem jeden
    jeder oder pro seit unsere unserem unseren unserer und vom zum zur
    """
)
"""After them `2.` is the second of something; after other words it is a quantity that ends a sentence."""

BEFORE_LETTER = _words(
    """
    buchstabe category class gruppe größe größen group kategorie klasse kennzeichnung letter model modell
    option plan schuhweite size sizes stufe tarif tariff typ type variante version weite width zone
    """
)
"""After them a letter is a name, as in `size M`; after other words it is an initial."""
