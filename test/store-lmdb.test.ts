import { openStore } from '../src/store/lmdb/store.ts';
import { storeContract } from './store-contract.ts';

storeContract('lmdb', openStore);
