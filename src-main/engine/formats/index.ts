// The formats Basil reads, the first that knows a file opens it. To add one: a file that makes a Format, a line in this
// list, and its title and extensions in contract/formats.ts. test/house/adding-a-format.test.ts adds one; files of its own,
// hostile ones among them, belong beside its test.
import type { FormatName } from '../../contract/formats.ts'
import type { Format } from './format.ts'
import { npz } from './npz.ts'
import { pytorch } from './pytorch/archive.ts'
import { legacyPytorch } from './pytorch/legacy.ts'
import { safetensors } from './safetensors.ts'

export const formats: Readonly<Record<FormatName, Format>> = {
  safetensors,
  pytorch,
  'pytorch-legacy': legacyPytorch,
  npz,
}
