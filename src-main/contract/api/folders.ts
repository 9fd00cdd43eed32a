// What lies in the folders of this machine, for a page that lets a person choose instead of type. Only inside places
// that are theirs: the home folder, disks that are mounted, folders of the library and the data sets, and what was
// typed. Names, sizes and times alone; nothing is opened.
import { oc } from '@orpc/contract'
import { z } from 'zod'

export const entryKinds = ['folder', 'checkpoint', 'configuration', 'data', 'file'] as const
export type EntryKind = (typeof entryKinds)[number]

const entrySchema = z.object({
  name: z.string(),
  path: z.string(),
  kind: z.enum(entryKinds), // by its name alone
  bytes: z.number().nullable(), // of a file
  modified: z.string().nullable(), // ISO 8601, UTC
})
export type FolderEntry = z.infer<typeof entrySchema>

const listingSchema = z.object({
  path: z.string(),
  parent: z.string().nullable(), // null: it is outside
  entries: z.array(entrySchema), // folders first, each by name
  roots: z.array(z.object({ name: z.string(), path: z.string() })),
  notes: z.array(z.string()), // sentences: what is left out, and why
})
export type Listing = z.infer<typeof listingSchema>

const path = z.string().min(1).max(4096)

export const foldersApi = {
  /** null: the home folder. Throws not-allowed outside the roots, file-missing, file-unreadable. */
  list: oc.input(z.object({ path: path.nullable() })).output(listingSchema),
  /** What the person typed, "~" being the home folder: it is a root from now on. Of a file, its folder. */
  open: oc.input(z.object({ path })).output(listingSchema),
}
