// What emptying the trash takes away, said before it does.
import type { Trash } from '../../../src-main/contract/api/runs.ts'
import { bytes, counted } from '../format.ts'

export function trashText({ runs, ofStudies, bytes: size }: Trash): string {
  const [belong, them] = ofStudies === 1 ? ['belongs', 'it'] : ['belong', 'them']
  const studies =
    ofStudies === 0
      ? ''
      : ` ${counted(ofStudies, 'run')} of them ${belong} to studies, which would compute ${them} anew if they went on.`
  return `${counted(runs, 'run')} and all they learned go for good, about ${bytes(size)}.${studies} Files that were exported stay.`
}
