// What the drawn inputs of this folder once found, kept in test/corpus and read again for ever.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'

const corpus = join(import.meta.dirname, '..', 'corpus')

test.each([['header-like-a-pickle.safetensors', /its header does not begin with "\{"/]])(
  '%s is refused as what it is',
  async (name, why) => {
    const source = await openSource(join(corpus, name))
    await expect(openTensorFile(source)).rejects.toMatchObject({
      record: { code: 'file-damaged', where: name, why: expect.stringMatching(why) },
    })
    await source.close()
  },
)
