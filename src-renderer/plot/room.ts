// Whether what is to be written fits on the disk, in words.
import { bytes } from './format.ts'

export interface Room {
  text: string // '' where nothing is known
  fits: boolean // as far as anybody knows
}

/** wanted: about, of what is written; free: where it is written. */
export function roomText(wanted: number | null, free: number | null): Room {
  if (wanted === null || wanted < 1) return { text: '', fits: true }
  if (free === null) return { text: `Writes about ${bytes(wanted)}.`, fits: true }
  if (wanted <= free) return { text: `Writes about ${bytes(wanted)}; ${bytes(free)} are free there.`, fits: true }
  return {
    text: `It writes about ${bytes(wanted)}, and only ${bytes(free)} are free there: it will not fit.`,
    fits: false,
  }
}
