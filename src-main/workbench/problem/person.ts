// What says whose machine it is, out of a text that leaves it: the home folder becomes ~, the name of the account a
// word, and what lets a page in is left out.
import { homedir, userInfo } from 'node:os'

export interface Person {
  home: string
  user: string // empty: it has no name
}

const nobody = new Set(['', 'root', 'user', 'nobody']) // names that many have

export function thisPerson(): Person {
  return { home: homedir(), user: userName() }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return '' // an account without a row of its own
  }
}

export function withoutPerson(text: string, { home, user }: Person): string {
  const folders = home.length > 1 ? [...new Set([home, JSON.stringify(home).slice(1, -1), encodeURI(home)])] : []
  const named = folders.reduce(
    (left, folder) => left.replaceAll(new RegExp(`${literally(folder)}(?![\\p{L}\\d_.-])`, 'gu'), () => '~'),
    text.replaceAll(/\b(token=|basil\.)[\w-]{20,}/g, '$1…').replaceAll(/("token"\s*:\s*")[^"]*/g, '$1…'),
  )
  if (nobody.has(user)) return named
  return named.replaceAll(new RegExp(`(?<![\\p{L}\\d])${literally(user)}(?![\\p{L}\\d])`, 'giu'), () => 'USER')
}

const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
