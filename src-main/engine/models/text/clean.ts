// What CLIP does to a text before it is cut into tokens: ftfy's repairs, HTML's references twice, white space to single
// blanks, lower case. Of ftfy: Windows' control characters, ligatures, full-width forms, curled quotes, control
// characters, NFC; not the repair of text decoded in the wrong encoding, nor terminal escapes. Of HTML's 2,231 names:
// those of Latin-1 and of typography; others stay as they are written.

// U+0080 to U+009F as Windows means them
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

export function cleaned(text: string): string {
  const repaired = text.split('\n').map(repair).join('\n')
  return unescapeHtml(unescapeHtml(repaired)).replace(/\s+/gu, ' ').trim().toLowerCase()
}

/**
 * ftfy's loop on one line: until nothing changes. A line with "<" is taken for HTML, whose references are left alone
 * here.
 */
function repair(line: string): string {
  const isMarkup = line.includes('<')
  for (let text = line; ; ) {
    const before = text
    text = (isMarkup ? text : unescapeHtml(text))
      .replace(/[\u0080-\u009f]/g, (c) => windows1252.charAt(c.charCodeAt(0) - 0x80))
      .replaceAll('ﬅ', 'ſt')
      .replace(/[ĲĳŉǄ-ǌǱ-ǳﬀ-ﬆ\u3000\uff01-\uffef]/gu, (c) => c.normalize('NFKC'))
      .replace(/[\u02bc\u2018-\u201b]/g, "'")
      .replace(/[\u201c-\u201f]/g, '"')
      .replace(/\r\n?|[\u2028\u2029]/g, '\n')
      .replace(/(?![\t\n\f\r])\p{Cc}|[\u206a-\u206f\ufeff\ufff9-\ufffc]/gu, '')
      .normalize('NFC')
    if (text === before) return text
  }
}

// From U+00A0 on; these, and the five after them, count without a semicolon too.
const latin1 =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot ' +
  'cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml ' +
  'Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig ' +
  'agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ' +
  'ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'
const open = new Map<string, string>([
  ...latin1.split(' ').map((name, i): [string, string] => [name, String.fromCharCode(0xa0 + i)]),
  ...Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    AMP: '&',
    LT: '<',
    GT: '>',
    QUOT: '"',
    COPY: '©',
    REG: '®',
  }),
])
const closed = new Map<string, string>([
  ...open,
  ...Object.entries({
    apos: "'",
    ndash: '–',
    mdash: '—',
    lsquo: '‘',
    rsquo: '’',
    sbquo: '‚',
    ldquo: '“',
    rdquo: '”',
    bdquo: '„',
  }),
  ...Object.entries({
    bull: '•',
    hellip: '…',
    prime: '′',
    euro: '€',
    trade: '™',
    oelig: 'œ',
    OElig: 'Œ',
    scaron: 'š',
    Scaron: 'Š',
  }),
])

/** As Python's html.unescape, for the names above. */
function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+);?|#x([\da-f]+);?|([a-z][a-z\d]{0,31})(;?))/gi, (all, decimal, hex, name, end) => {
    if (name === undefined) return character(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal))
    if (end) return closed.get(name) ?? all
    for (let length = name.length; length > 1; length--) {
      const found = open.get(name.slice(0, length))
      if (found !== undefined) return found + name.slice(length)
    }
    return all
  })
}

function character(code: number): string {
  if (code >= 0x80 && code <= 0x9f) return windows1252.charAt(code - 0x80)
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd'
  return String.fromCodePoint(code).replace(/(?![\t\n\f\r])\p{Cc}/u, '')
}
