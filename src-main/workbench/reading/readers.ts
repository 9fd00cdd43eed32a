// Processes that answer questions about data, a few of them: as many as there are questions at a time, so that a folder
// that takes long holds up neither another one nor a page of pictures. One that rests ends by itself.

import type { EngineProcess } from '../link/engine-process.ts'
import { createReader, type Reader } from './reader.ts'

const most = 4

export function createReaders(start: () => EngineProcess): Pick<Reader, 'told' | 'close'> {
  const readers: { reader: Reader; questions: number }[] = []

  function leastAsked(): (typeof readers)[number] {
    const idle = readers.toSorted((a, b) => a.questions - b.questions)[0]
    if (idle && (idle.questions === 0 || readers.length === most)) return idle
    const another = { reader: createReader(start), questions: 0 }
    readers.push(another)
    return another
  }

  return {
    told: async function* (where, question) {
      const mine = leastAsked()
      mine.questions++
      try {
        yield* mine.reader.told(where, question)
      } finally {
        mine.questions--
      }
    },
    close: async () => void (await Promise.all(readers.map(({ reader }) => reader.close()))),
  }
}
