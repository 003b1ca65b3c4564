// Whether a training step fits on a device, and which batch size would. Pure arithmetic on the server's figures.
import type { DeviceInfo, Report } from '../protocol/types';

type Totals = Report['totals'];

const LARGEST_BATCH = 4096;

export interface Room {
  /** Bytes that a step may take there. */
  readonly limit: number;
  readonly fits: boolean;
  /** Largest batch that fits; 0 where none does. */
  readonly largest: number;
}

export function room(totals: Totals, device: DeviceInfo): Room {
  const limit = Math.min(totals.limit_bytes, device.limit);
  const most = Math.floor((limit - totals.fixed_bytes) / Math.max(1, totals.sample_bytes));
  const largest = Math.max(0, Math.min(LARGEST_BATCH, most));
  return { limit, fits: totals.memory_bytes <= limit, largest };
}

/** The device that a choice means: `auto` takes the server's default. */
export function deviceOf(
  devices: readonly DeviceInfo[],
  choice: string,
  standard: string,
): DeviceInfo | undefined {
  const wanted = choice === 'auto' ? standard : choice;
  return devices.find((device) => device.id === wanted) ?? devices[0];
}
