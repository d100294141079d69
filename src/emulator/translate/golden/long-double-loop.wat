1: fld st(0)
fmul st, st(2)
fld tbyte ptr [rdi]
add rdi, 16
faddp st(1), st
fstp st(1)
dec ecx
jne 1b
ret

1126 bytes
locals 5 i32, 1 i64, 3 i32, 3 i64
  local.get 0
  i32.load16_u +194
  i32.const 11
  i32.shr_u
  i32.const 7
  i32.and
  local.set 9
  block i32
    loop
      block
        block
          local.get 7
          i64.const 0
          i64.add
          local.tee 14
          i32.wrap_i64
          local.set 15
          local.get 14
          i32.const 0
          i64.load +2048
          i64.and
          i64.const 0
          i64.ne
          br_if 0
          local.get 15
          i32.const 12
          i32.shr_u
          i32.load16_u +1048576
          i32.const 257
          i32.and
          i32.const 257
          i32.eq
          if
            i32.const 8182
            local.get 15
            i32.const 4095
            i32.and
            i32.sub
            local.set 16
          else
            local.get 15
            i32.const 12
            i32.shr_u
            i32.load8_u +1048576
            i32.const 1
            i32.and
            i32.eqz
            br_if 1
            i32.const 4086
            local.get 15
            i32.const 4095
            i32.and
            i32.sub
            local.tee 16
            i32.const 0
            i32.lt_s
            br_if 1
          end
          local.get 16
          i32.const 512
          i32.mul
          i32.const 10
          i32.shr_u
          local.set 17
          local.get 1
          local.get 17
          i32.sub
          local.tee 13
          i32.const 0
          local.get 13
          i32.const 0
          i32.gt_s
          select
          local.set 13
          local.get 1
          local.get 13
          i32.sub
          local.set 1
          br 1
        end
        i32.const 4194304
        local.set 2
        local.get 12
        if
          local.get 0
          i32.const 1824
          i32.store +160
          local.get 0
          local.get 10
          i32.store +168
          local.get 0
          local.get 11
          i32.store +184
        end
        i32.const 0
        br 2
      end
      loop
        local.get 0
        i32.load +192
        i32.const 8388608
        i32.and
        if
          i32.const 4194304
          local.set 2
          local.get 1
          local.get 13
          i32.add
          local.set 1
          local.get 12
          if
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 10
            i32.store +168
            local.get 0
            local.get 11
            i32.store +184
          end
          i32.const 0
          br 3
        end
        local.get 0
        i32.const 0
        i32.const 0
        local.get 9
        call 37
        local.set 9
        drop
        local.get 0
        i32.load +192
        i32.const 8388608
        i32.and
        if
          local.get 1
          i32.const 1
          i32.sub
          local.set 1
          i32.const 4194306
          local.set 2
          local.get 1
          local.get 13
          i32.add
          local.set 1
          local.get 12
          if
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 10
            i32.store +168
            local.get 0
            local.get 11
            i32.store +184
          end
          i32.const 0
          br 3
        end
        local.get 0
        i32.const 16
        i32.const 0
        local.get 9
        call 38
        local.set 9
        drop
        local.get 0
        i32.load +192
        i32.const 8388608
        i32.and
        if
          local.get 1
          i32.const 2
          i32.sub
          local.set 1
          i32.const 4194308
          local.set 2
          local.get 1
          local.get 13
          i32.add
          local.set 1
          local.get 12
          if
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 10
            i32.store +168
            local.get 0
            local.get 11
            i32.store +184
          end
          i32.const 0
          br 3
        end
        local.get 7
        local.set 14
        local.get 14
        i32.wrap_i64
        local.set 17
        local.get 17
        drop
        local.get 14
        i32.wrap_i64
        local.set 16
        local.get 0
        local.get 16
        i32.const 0
        local.get 9
        call 39
        local.set 9
        drop
        local.get 14
        i64.const 16
        i64.add
        local.set 18
        local.get 18
        local.set 7
        local.get 0
        i32.load +192
        i32.const 8388608
        i32.and
        if
          local.get 1
          i32.const 4
          i32.sub
          local.set 1
          i32.const 4194314
          local.set 2
          local.get 1
          local.get 13
          i32.add
          local.set 1
          local.get 0
          i32.const 320
          i32.store +160
          local.get 0
          local.get 18
          i64.store +168
          local.get 0
          local.get 18
          i64.const 16
          i64.sub
          i64.store +176
          local.get 0
          i64.const 16
          i64.store +184
          i32.const 0
          br 3
        end
        local.get 0
        i32.const 1
        i32.const 1
        local.get 9
        call 40
        local.set 9
        drop
        local.get 0
        i32.load +192
        i32.const 8388608
        i32.and
        if
          local.get 1
          i32.const 5
          i32.sub
          local.set 1
          i32.const 4194316
          local.set 2
          local.get 1
          local.get 13
          i32.add
          local.set 1
          local.get 0
          i32.const 320
          i32.store +160
          local.get 0
          local.get 18
          i64.store +168
          local.get 0
          local.get 18
          i64.const 16
          i64.sub
          i64.store +176
          local.get 0
          i64.const 16
          i64.store +184
          i32.const 0
          br 3
        end
        local.get 0
        i32.const 1
        i32.const 1
        local.get 9
        call 41
        local.set 9
        drop
        local.get 4
        i32.wrap_i64
        i32.const 1
        i32.sub
        local.set 15
        local.get 15
        i64.extend_i32_u
        local.set 4
        local.get 15
        i32.eqz
        i32.eqz
        if
          local.get 1
          i32.const 8
          i32.sub
          local.set 1
          block
            local.get 1
            i32.const 0
            i32.le_s
            br_if 0
            local.get 15
            local.set 10
            local.get 18
            local.get 14
            i64.lt_u
            local.set 11
            i32.const 1
            local.set 12
            br 2
          end
          local.get 1
          local.get 13
          i32.add
          local.tee 1
          i32.const 0
          i32.le_s
          if
            i32.const 4194304
            local.set 2
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 15
            i32.store +168
            local.get 0
            local.get 18
            local.get 14
            i64.lt_u
            i32.store +184
            i32.const 2
            br 4
          end
          local.get 15
          local.set 10
          local.get 18
          local.get 14
          i64.lt_u
          local.set 11
          i32.const 1
          local.set 12
          br 2
        else
          local.get 1
          local.get 13
          i32.add
          local.set 1
          local.get 8
          local.set 19
          local.get 19
          i32.wrap_i64
          local.set 16
          block
            block
              local.get 19
              i32.const 0
              i64.load +2048
              i64.and
              i64.const 0
              i64.ne
              br_if 0
              local.get 16
              i32.const 12
              i32.shr_u
              i32.load8_u +1048576
              local.get 16
              i32.const 7
              i32.add
              i32.const 12
              i32.shr_u
              i32.load8_u +1048576
              i32.and
              i32.const 1
              i32.and
              br_if 1
            end
            local.get 1
            i32.const 8
            i32.sub
            local.set 1
            i32.const 4194322
            local.set 2
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 15
            i32.store +168
            local.get 0
            local.get 18
            local.get 14
            i64.lt_u
            i32.store +184
            i32.const 0
            br 4
          end
          local.get 16
          i64.load
          local.set 20
          local.get 20
          i64.const 4294967295
          i64.gt_u
          if
            local.get 1
            i32.const 8
            i32.sub
            local.set 1
            i32.const 4194322
            local.set 2
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 15
            i32.store +168
            local.get 0
            local.get 18
            local.get 14
            i64.lt_u
            i32.store +184
            i32.const 0
            br 4
          end
          local.get 19
          i64.const 8
          i64.add
          local.set 8
          local.get 20
          i32.wrap_i64
          local.set 17
          local.get 1
          i32.const 9
          i32.sub
          local.set 1
          local.get 1
          i32.const 0
          i32.le_s
          if
            local.get 17
            local.set 2
            local.get 0
            i32.const 1824
            i32.store +160
            local.get 0
            local.get 15
            i32.store +168
            local.get 0
            local.get 18
            local.get 14
            i64.lt_u
            i32.store +184
            i32.const 2
            br 4
          end
          local.get 0
          i32.const 1824
          i32.store +160
          local.get 0
          local.get 15
          i32.store +168
          local.get 0
          local.get 18
          local.get 14
          i64.lt_u
          i32.store +184
          local.get 0
          local.get 1
          local.get 17
          local.get 3
          local.get 4
          local.get 5
          local.get 6
          local.get 7
          local.get 8
          return_call 36
        end
      end
    end
    unreachable
  end
  local.get 0
  local.get 3
  i64.store
  local.get 0
  local.get 4
  i64.store +8
  local.get 0
  local.get 5
  i64.store +16
  local.get 0
  local.get 6
  i64.store +48
  local.get 0
  local.get 7
  i64.store +56
  local.get 0
  local.get 8
  i64.store +32
  local.get 0
  local.get 1
  i32.store +1008
  local.get 0
  local.get 2
  i32.store +128
