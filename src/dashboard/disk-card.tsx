import type { JSX } from 'react';
import type { DiskModel } from './batch.ts';
import { formatBytes, formatPercent } from './format.ts';

export function DiskCard({ disks }: { readonly disks: readonly DiskModel[] }): JSX.Element {
  return (
    <section className="card" aria-labelledby="disk-title">
      <header>
        <h2 id="disk-title">Disk</h2>
      </header>
      {disks.length === 0 && <p className="muted">No disk is mounted.</p>}
      {disks.map((disk) => (
        <Disk key={disk.mount} disk={disk} />
      ))}
    </section>
  );
}

function Disk({ disk }: { readonly disk: DiskModel }): JSX.Element {
  const size = disk.btotal * disk.blocksize;
  const used = (disk.btotal - disk.bfree) * disk.blocksize;
  const percent = size === 0 ? 0 : (used / size) * 100;
  return (
    <div className="disk">
      <p className="row">
        <span className="mono">{disk.mount}</span>
        <span className="muted mono">{disk.filesystem}</span>
        <span className="figure" data-testid="disk">
          {formatBytes(used)} <span className="muted">of {formatBytes(size)}</span>
        </span>
      </p>
      <div
        className="meter"
        role="meter"
        aria-label={`Used of ${disk.mount}`}
        aria-valuenow={Math.round(percent)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <i style={{ width: `${percent}%` }} />
      </div>
      <p className="muted">
        {formatPercent(percent)} used, {formatBytes(size - used)} available
      </p>
    </div>
  );
}
