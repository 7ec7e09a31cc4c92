import { z } from 'zod';

/**
 * What fleetd hands to the process that tells one caller that no seat is free, as one JSON object on its standard
 * input. The process ends with 0 when the caller has heard it, or left.
 */
export const announcementSchema = z.object({
  room: z.string(),
  /** Who is spoken to, and put out of the room afterwards. */
  caller: z.string(),
  /** Under which name we are in the room. */
  identity: z.string(),
});
export type Announcement = z.infer<typeof announcementSchema>;
