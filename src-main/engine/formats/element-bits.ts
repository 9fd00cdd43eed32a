// Elements that a file keeps otherwise than Basil hands them out: with their bytes in the other order, or with a sign
// that is still to be turned. PyTorch turns signs lazily: .imag of a conjugate is a view of what was there, marked as
// negative (torch.Tensor.is_neg).
import { type Dtype, dtypes, isFloating } from './dtype.ts'

/** Of whole elements, in place. */
export type Change = (bytes: Uint8Array) => void

// bytes of the real and of the imaginary part, which follow each other
const complexParts: Partial<Record<Dtype, number>> = { C64: 4, C128: 8 }
const integers: ReadonlySet<Dtype> = new Set<Dtype>(['I64', 'U64', 'I32', 'U32', 'I16', 'U16', 'I8', 'U8'])

/** The first byte last. `width`: bytes of a number. */
export function reversed(width: number): Change {
  return (bytes) => {
    for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse()
  }
}

/** -x, of integers in two's complement; undefined for a type without negative numbers of that form. */
export function negated(dtype: Dtype): Change | undefined {
  const part = complexParts[dtype] ?? dtypes[dtype]
  if (dtype in complexParts || (isFloating(dtype) && part > 1)) return signsTurned(part - 1, part)
  return integers.has(dtype) ? complemented(part) : undefined
}

/** The imaginary part negated; undefined for a type without one. */
export function conjugated(dtype: Dtype): Change | undefined {
  const part = complexParts[dtype]
  return part === undefined ? undefined : signsTurned(2 * part - 1, 2 * part)
}

/** The upper bit of the byte at `first`, and of every one that many `step` further. */
function signsTurned(first: number, step: number): Change {
  return (bytes) => {
    for (let at = first; at < bytes.length; at += step) bytes[at] = (bytes[at] as number) ^ 0x80
  }
}

function complemented(width: number): Change {
  return (bytes) => {
    for (let at = 0; at < bytes.length; at += width)
      for (let k = 0, carry = 1; k < width; k++) {
        const sum = (~(bytes[at + k] as number) & 0xff) + carry
        bytes[at + k] = sum
        carry = sum >> 8
      }
  }
}
