// What may follow in a query where the cursor stands: names of fields, and the values a field has in the history.
import { type FieldName, fieldNames, fieldOf, folded, isField } from '../../../src-main/contract/run/query/fields.ts'

export interface Completion {
  text: string // in place of what was begun
  says: string
}

export type KnownValues = Partial<Record<FieldName, readonly string[]>>

const most = 8

/** from: where what was begun begins; it ends at the cursor. */
export function completionsAt(
  text: string,
  cursor: number,
  known: KnownValues,
): { from: number; options: Completion[] } {
  const begun = /[^\s]*$/.exec(text.slice(0, cursor))?.[0] ?? ''
  const [, not = '', name, sign = '', list = ''] = /^(-?)([a-z]*)(?:(:|!?=)(.*))?$/i.exec(begun) ?? []
  const from = cursor - begun.length
  if (name === undefined || begun === '' || begun === '-') return { from, options: [] }
  if (sign === '') {
    const fields = fieldNames.filter((field) => field.startsWith(name.toLowerCase()))
    return {
      from,
      options: fields.slice(0, most).map((field) => ({ text: `${not}${field}:`, says: fieldOf(field).says })),
    }
  }
  const field = name.toLowerCase()
  if (!isField(field)) return { from, options: [] }
  const [last = '', ...before] = list.split(',').reverse()
  const values = fieldOf(field).values ?? known[field] ?? []
  const fits = values.filter((value) => folded(value).includes(folded(last.replaceAll('"', ''))))
  const kept = [...before.reverse(), ''].join(',')
  return {
    from,
    options: fits.slice(0, most).map((value) => ({
      text: `${not}${field}${sign}${kept}${/[\s,:=<>!"\\]|^-/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value}`,
      says: '',
    })),
  }
}
