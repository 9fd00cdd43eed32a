// What often lies where a checkpoint, or a shard of images, should: a Git LFS pointer, a web page or a line of text
// that a server sent in its place. It is said what it is, as "damaged" would send a person looking for what is not
// there.
import { BasilError } from '../../contract/errors.ts'
import { type ByteSource, shown } from './source.ts'

const most = 4096 // bytes looked at; a pointer has 130

/** A Git LFS pointer or a web page in the place of what is wanted; undefined for what is neither. */
export async function mistaken(source: ByteSource, wanted = 'checkpoint'): Promise<BasilError | undefined> {
  const text = await textOf(source)
  const pointer = /^version https:\/\/\S+\/spec\/v\d+\n[\s\S]*\nsize (\d+)\n/.exec(text)
  if (pointer) {
    const next = 'download it again with "git lfs pull", or the file itself from where it is published'
    return instead(
      source,
      wanted,
      'a Git LFS pointer',
      `its text is a Git LFS pointer to a file of ${pointer[1]} bytes, which was not downloaded with it`,
      next,
    )
  }
  if (!/^\s*<[!?a-z]/i.test(text)) return undefined
  return instead(
    source,
    wanted,
    'a web page',
    `it begins with ${beginning(text)}: a server sent a page in place of the file`,
    again,
  )
}

/** A few words, such as a server's refusal; undefined for what is none. */
export async function words(source: ByteSource): Promise<BasilError | undefined> {
  const text = source.size <= most ? await textOf(source) : ''
  return text === ''
    ? undefined
    : instead(source, 'checkpoint', 'a text', `its ${source.size} bytes begin with ${beginning(text)}`, again)
}

/** The beginning of a file as text; empty where it is none. */
async function textOf(source: ByteSource): Promise<string> {
  const bytes = await source.read(0, Math.min(most, source.size))
  // a mark of byte order is passed over, and half a letter may stand at the end
  const text = new TextDecoder().decode(bytes).replace(/\ufffd$/, '')
  return /[\p{Cc}\ufffd]/u.test(text.replace(/\s/g, '')) ? '' : text
}

const beginning = (text: string): string => shown(text.trim().slice(0, 60))
const again = 'download it again; where it has to be asked for, sign in or give a token'

function instead({ name }: ByteSource, wanted: string, kind: string, why: string, next: string): BasilError {
  return new BasilError({
    code: 'format-unknown',
    what: `${name} is not a ${wanted} but ${kind}`,
    where: name,
    why,
    next,
  })
}
