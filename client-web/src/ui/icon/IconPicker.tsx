import '../../locales/icon';
import './icon.css';
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EMOJI, type Emoji, findEmoji, firstSign } from './emoji';

/** Chooses a sign from a short list, or takes one that is typed. */
export function IconPicker({ hasIcon, choose }: { hasIcon: boolean; choose: (sign: string | null) => void }) {
  const { t } = useTranslation();
  const [query, setQuery] = useState('');
  const typed = firstSign(query);
  const found = query.trim() === '' ? null : findEmoji(query);
  return (
    <div className="icons">
      <div className="icons-top">
        <TextInput
          data-autofocus
          aria-label={t('icon.search')}
          placeholder={t('icon.search')}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
            event.preventDefault();
            const first = typed ?? found?.[0]?.sign;
            if (first !== undefined) choose(first);
          }}
        />
        {hasIcon && (
          <Button variant="default" onClick={() => choose(null)}>
            {t('icon.none')}
          </Button>
        )}
      </div>
      <div className="icons-scroll">
        {typed !== null && <Signs signs={[{ sign: typed, words: typed }]} choose={choose} />}
        {typed === null && found !== null && <Signs signs={found} choose={choose} />}
        {typed === null && found?.length === 0 && <p className="list-empty">{t('icon.nothing')}</p>}
        {found === null &&
          EMOJI.map(([subject, signs]) => (
            <section key={subject} aria-label={t(`icon.${subject}`)}>
              <h3>{t(`icon.${subject}`)}</h3>
              <Signs signs={signs} choose={choose} />
            </section>
          ))}
      </div>
    </div>
  );
}

function Signs({ signs, choose }: { signs: readonly Emoji[]; choose: (sign: string) => void }) {
  return (
    <div className="icons-grid">
      {signs.map(({ sign, words }) => (
        <button key={sign} type="button" aria-label={words} title={words} onClick={() => choose(sign)}>
          {sign}
        </button>
      ))}
    </div>
  );
}
