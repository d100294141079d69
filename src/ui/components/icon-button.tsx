import type { JSX, ReactNode } from 'react';
import { Button, Tooltip, TooltipTrigger } from 'react-aria-components';

interface Props {
  /** Its accessible name, and the tooltip. */
  readonly label: string;
  readonly children: ReactNode;
  readonly isDisabled?: boolean;
  readonly onPress?: () => void;
}

export function IconButton({ label, children, isDisabled = false, onPress }: Props): JSX.Element {
  const press = onPress === undefined ? {} : { onPress };
  return (
    <TooltipTrigger delay={500}>
      <Button className="icon-button" aria-label={label} isDisabled={isDisabled} {...press}>
        {children}
      </Button>
      <Tooltip className="tooltip" offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}
