import { addStrings } from '../index';
import en from './en.json';
import zhCN from './zh-CN.json';

addStrings({ en, 'zh-CN': zhCN });
