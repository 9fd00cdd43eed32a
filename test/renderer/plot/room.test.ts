// Whether what is to be written fits, in words.
import { expect, test } from 'vitest'

import { roomText } from '../../../src-renderer/plot/room.ts'

test('what will not fit is said before it is begun, and what nobody knows is not', () => {
  expect(roomText(2 ** 30, 2 ** 31)).toEqual({ fits: true, text: 'Writes about 1.00 GiB; 2.00 GiB are free there.' })
  expect(roomText(2 ** 31, 2 ** 30)).toEqual({
    fits: false,
    text: 'It writes about 2.00 GiB, and only 1.00 GiB are free there: it will not fit.',
  })
  expect(roomText(2 ** 31, null)).toEqual({ fits: true, text: 'Writes about 2.00 GiB.' })
  expect(roomText(null, 1)).toEqual({ fits: true, text: '' })
})
