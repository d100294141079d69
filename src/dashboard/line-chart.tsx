import { useEffect, useRef, type JSX } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTheme } from './use-theme.ts';

export interface Line {
  readonly label: string;
  /** Name of a custom property that holds its colour. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  readonly isFilled?: boolean;
}

const HEIGHT = 150;
/** What the chart shows, to the newest value; the same from the first value on, so that nothing is stretched. */
const WINDOW_S = 80;

/** Lines over time; what they are is said beside the chart, so colour alone tells nothing. */
export function LineChart(props: {
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly most: number;
  readonly format: (value: number) => string;
}): JSX.Element {
  const { label, times, lines, most, format } = props;
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(undefined);
  const theme = useTheme();
  const look = lines.map((line) => `${line.label} ${line.color}`).join();

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const style = getComputedStyle(element);
    const colorOf = (name: string): string => style.getPropertyValue(name);
    const axis = {
      stroke: colorOf('--muted'),
      grid: { stroke: colorOf('--border'), width: 1 },
      ticks: { show: false },
    };
    const plot = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        cursor: { show: false },
        legend: { show: false },
        padding: [8, 4, 0, 0],
        scales: { x: { time: true, range: (_, __, newest) => windowTo(newest) }, y: { range: [0, most] } },
        axes: [
          { ...axis, values: '{HH}:{mm}:{ss}', space: 90, size: 24 },
          {
            ...axis,
            size: 62,
            splits: () => [0, most / 2, most],
            values: (_, ticks) => ticks.map((tick) => format(tick)),
          },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.label,
            stroke: colorOf(line.color),
            width: 1.75,
            points: { show: false },
            ...(line.isFilled === true && { fill: `color-mix(in srgb, ${colorOf(line.color)} 14%, transparent)` }),
          })),
        ],
      },
      [[], ...lines.map(() => [])],
      element,
    );
    chart.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
    // The lines' values are drawn below; what makes a new chart is their number, names and colours.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [look, most, format, theme]);

  useEffect(() => {
    chart.current?.setData([times.map((ms) => ms / 1000), ...lines.map(({ values }) => [...values])]);
  });

  return <div ref={holder} className="chart" role="img" aria-label={label} />;
}

/** uPlot has no newest value (null) before the first. */
function windowTo(newest: number | null): [number, number] {
  const end = newest ?? Date.now() / 1_000;
  return [end - WINDOW_S, end];
}
